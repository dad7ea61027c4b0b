// Diagnostics: a FAT partition with SYSLINUX and its tools. ../build.mjs runs this.
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../lib/command.mjs';
import { openDebianArchive, unpackPackage } from '../lib/debian.mjs';
import { createPartitionedDisk, FIRST_PARTITION_OFFSET } from '../lib/mbr.mjs';

const HERE = import.meta.dirname;
const DISK_ID = 0x44494147;
const SECTOR_BYTES = 512;
/** A FAT partition that is addressed by sector numbers. */
const FAT16_LBA = 0x0e;
const BOOT_CODE_BYTES = 440;

/** The tools of the menu, and the libraries that they load. */
const TOOLS = ['vesamenu', 'hdt', 'meminfo', 'pcitest', 'vesainfo', 'chain', 'reboot'];
const LIBRARIES = ['libcom32', 'libutil', 'libgpl', 'libmenu', 'linux'];

const GRUB_MODULES = [
  ...['biosdisk', 'part_msdos', 'part_gpt', 'ext2', 'fat', 'iso9660', 'linux', 'normal', 'chain', 'ls'],
  ...['cat', 'search', 'configfile', 'minicmd', 'reboot', 'halt', 'serial', 'terminal', 'hexdump', 'lvm'],
];

export function build({ appliance, diskFile, work, cacheFolder, time, log }) {
  const archive = openDebianArchive({ root: join(cacheFolder, 'debian-i386'), log });
  const parts = join(work, 'parts');
  for (const { file } of archive.fetch(['syslinux-common', 'pci.ids'])) unpackPackage(file, parts);

  log('writing the disk');
  createPartitionedDisk(diskFile, appliance.diskSizeBytes, DISK_ID, FAT16_LBA);
  const fixed = { env: { SOURCE_DATE_EPOCH: String(time) } };
  const sectors = FIRST_PARTITION_OFFSET / SECTOR_BYTES;
  const partitionKiB = String((appliance.diskSizeBytes - FIRST_PARTITION_OFFSET) / 1024);
  const shape = ['-F', '16', '-n', 'DIAGNOSTICS', '-h', String(sectors), '--offset', String(sectors)];
  run('mkfs.fat', ['--invariant', ...shape, diskFile, partitionKiB], fixed);

  const modules = [...TOOLS, ...LIBRARIES].map((name) => `usr/lib/syslinux/modules/bios/${name}.c32`);
  const files = [...modules, 'usr/share/misc/pci.ids'].map((path) => join(parts, path));
  const partition = `${diskFile}@@${FIRST_PARTITION_OFFSET}`;
  run('mcopy', ['-i', partition, ...files, join(HERE, 'syslinux.cfg'), grubShell(work), '::/'], fixed);
  run('syslinux', ['--offset', String(FIRST_PARTITION_OFFSET), '--install', diskFile], fixed);
  putBootCode(diskFile, readFileSync(join(parts, 'usr/lib/syslinux/mbr/mbr.bin')));
}

/** GRUB in a file that SYSLINUX starts as it starts a Linux kernel. */
function grubShell(work) {
  const configuration = join(work, 'grub.cfg');
  writeFileSync(
    configuration,
    'serial --unit=0 --speed=115200\nterminal_input console serial\nterminal_output console serial\n',
  );
  const core = join(work, 'core.img');
  const options = ['-O', 'i386-pc', '-c', configuration, '-p', '(hd0,msdos1)/', '-o', core];
  run('grub-mkimage', [...options, ...GRUB_MODULES]);
  const image = join(work, 'grub.img');
  writeFileSync(
    image,
    Buffer.concat([readFileSync('/usr/lib/grub/i386-pc/lnxboot.img'), readFileSync(core)]),
  );
  return image;
}

function putBootCode(file, code) {
  const disk = openSync(file, 'r+');
  try {
    writeSync(disk, code, 0, Math.min(code.length, BOOT_CODE_BYTES), 0);
  } finally {
    closeSync(disk);
  }
}
