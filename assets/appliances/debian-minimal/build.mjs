// Debian 12 minimal: installed by Debian's own tools, started by the kernel that Tiny Linux has. ../build.mjs runs this.
import { join } from 'node:path';
import { openDebianArchive } from '../lib/debian.mjs';
import { installDebian, letRootIn } from '../lib/debian-root.mjs';
import { makeExt4 } from '../lib/ext4.mjs';
import { installHostLine } from '../lib/host-line/install.mjs';
import { GRUB_MODULES, grubConfiguration, installKernel } from '../lib/kernel/install.mjs';
import { createPartitionedDisk, FIRST_PARTITION_OFFSET, installGrub } from '../lib/mbr.mjs';
import { copyOwnFiles, readTable } from '../lib/tree.mjs';

const HERE = import.meta.dirname;
/** Fixed, so that the same packages give the same disk. */
const FILE_SYSTEM_UUID = '3f0d9c52-7a5e-4b63-8d1c-5b2f4f0e9a21';
const DISK_ID = 0x44454249;
const INODES = 65536;

/** What every boot begins with lies together at the front of the disk. */
const READ_FIRST = [
  '/boot/vmlinuz',
  '/boot/initrd.img',
  '/usr/sbin/init',
  '/etc/inittab',
  '/etc/init.d/start',
  '/usr/bin/busybox',
];

export function build({ appliance, diskFile, work, cacheFolder, time, log }) {
  const archive = openDebianArchive({ root: join(cacheFolder, 'debian-i386'), log });
  const staged = join(work, 'staged');
  const kernel = installKernel({
    archive,
    tree: staged,
    modules: join(HERE, 'modules.txt'),
    work,
    time,
    log,
  });
  installHostLine(staged, work);
  copyOwnFiles(join(HERE, 'root'), staged, appliance.version);

  const { tree, listing } = installDebian({
    archive,
    architecture: 'i386',
    packages: readTable(join(HERE, 'packages.txt')).map(([name]) => name),
    commands: [
      `sync-in "${staged}" /`,
      `chroot "$1" depmod ${kernel.name.replace('linux-image-', '')}`,
      'chroot "$1" update-rc.d hardware defaults',
      // It copies to a file, at every boot, what `dmesg` and `logread` show.
      'chroot "$1" update-rc.d bootlogs disable',
    ],
    work,
    time,
    log,
  });
  letRootIn(tree);

  log('writing the disk');
  const size = appliance.diskSizeBytes;
  createPartitionedDisk(diskFile, size, DISK_ID);
  installGrub(diskFile, { configuration: grubConfiguration('Debian'), modules: GRUB_MODULES, work });
  makeExt4({
    image: diskFile,
    offset: FIRST_PARTITION_OFFSET,
    size: size - FIRST_PARTITION_OFFSET,
    tree,
    listing,
    first: READ_FIRST,
    uuid: FILE_SYSTEM_UUID,
    label: 'debian',
    inodes: INODES,
    journalMiB: 16,
    time,
    work,
  });
}
