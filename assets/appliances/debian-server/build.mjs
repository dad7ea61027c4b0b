// Debian 12 server: a 64-bit system for the QEMU back end, installed by Debian's own tools. ../build.mjs runs this.
import { readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { openDebianArchive } from '../lib/debian.mjs';
import { installDebian, letRootIn } from '../lib/debian-root.mjs';
import { makeExt4 } from '../lib/ext4.mjs';
import { createPartitionedDisk, FIRST_PARTITION_OFFSET, installGrub } from '../lib/mbr.mjs';
import { copyOwnFiles, readTable } from '../lib/tree.mjs';

const HERE = import.meta.dirname;
/** Fixed, so that the same packages give the same disk. */
const FILE_SYSTEM_UUID = '8c1f7a40-0f3e-4a57-9d9b-6a1d3c5e7b02';
const DISK_ID = 0x44454236;
const INODES = 131072;

const GRUB_MODULES = [
  'biosdisk',
  'part_msdos',
  'ext2',
  'linux',
  'serial',
  'terminal',
  'configfile',
  'normal',
];

export function build({ appliance, diskFile, work, cacheFolder, time, log }) {
  const archive = openDebianArchive({
    root: join(cacheFolder, 'debian-amd64'),
    architecture: 'amd64',
    log,
  });
  const staged = join(work, 'staged');
  copyOwnFiles(join(HERE, 'root'), staged, appliance.version);
  const { tree, listing } = installDebian({
    archive,
    architecture: 'amd64',
    packages: readTable(join(HERE, 'packages.txt')).map(([name]) => name),
    commands: [
      `sync-in "${staged}" /`,
      'chroot "$1" systemctl enable systemd-networkd ssh-host-keys serial-getty@ttyS0',
      // Made anew at the first start, so that no two machines share them.
      'rm -f "$1"/etc/ssh/ssh_host_* "$1"/var/lib/systemd/random-seed',
      ': > "$1/etc/machine-id"',
      'rm -f "$1/var/lib/dbus/machine-id"',
    ],
    work,
    time,
    log,
  });
  letRootIn(tree);
  symlinkSync('../run/systemd/resolve/stub-resolv.conf', join(tree, 'etc/resolv.conf'));

  log('writing the disk');
  const size = appliance.diskSizeBytes;
  createPartitionedDisk(diskFile, size, DISK_ID);
  installGrub(diskFile, { configuration: grubConfiguration(), modules: GRUB_MODULES, work });
  makeExt4({
    image: diskFile,
    offset: FIRST_PARTITION_OFFSET,
    size: size - FIRST_PARTITION_OFFSET,
    tree,
    listing,
    first: readFirst(tree),
    uuid: FILE_SYSTEM_UUID,
    label: 'debian-server',
    inodes: INODES,
    journalMiB: 32,
    time,
    work,
  });
}

/** What every boot begins with lies together at the front of the disk. */
function readFirst(tree) {
  const boot = readdirSync(join(tree, 'boot')).filter((name) => /^(vmlinuz|initrd)/.test(name));
  return [
    ...boot
      .sort()
      .reverse()
      .map((name) => `/boot/${name}`),
    '/usr/lib/systemd/systemd',
  ];
}

/** In the boot loader itself: how it says what it does, and where the rest of its configuration is. */
function grubConfiguration() {
  return [
    'serial --unit=0 --speed=115200',
    'terminal_output console serial',
    'configfile (hd0,msdos1)/boot/grub/grub.cfg',
    '',
  ].join('\n');
}
