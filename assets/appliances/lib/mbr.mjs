// The first MiB of a disk: partition table and boot loader.
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.mjs';

const SECTOR = 512;
/** Where GRUB's own files lie when the package grub-pc-bin is installed. */
const GRUB_FILES = '/usr/lib/grub/i386-pc';
export const FIRST_PARTITION_OFFSET = 1024 * 1024;

const LINUX = 0x83;

/** Creates an empty, sparse disk image with one partition of a type from 1 MiB to the end. */
export function createPartitionedDisk(file, size, diskId, partitionType = LINUX) {
  const sectors = (bytes) => bytes / SECTOR;
  const table = Buffer.alloc(SECTOR);
  table.writeUInt32LE(diskId, 440);
  const entry = table.subarray(446, 462);
  entry[0] = 0x80; // active
  entry.writeUIntBE(0xfeffff, 1, 3); // "see the sector numbers below", in the old cylinder/head/sector form
  entry[4] = partitionType;
  entry.writeUIntBE(0xfeffff, 5, 3);
  entry.writeUInt32LE(sectors(FIRST_PARTITION_OFFSET), 8);
  entry.writeUInt32LE(sectors(size - FIRST_PARTITION_OFFSET), 12);
  table.writeUInt16BE(0x55aa, 510);
  patch(file, 'w', (disk) => {
    ftruncateSync(disk, size);
    writeSync(disk, table, 0, SECTOR, 0);
  });
}

/**
 * Puts GRUB in front of the first partition: its boot sector's code around the partition table, and a core image that
 * carries its whole configuration in the sectors between. `grub-install` is not needed, since both parts are made for
 * exactly these places.
 */
export function installGrub(file, { configuration, modules, work }) {
  const configurationFile = join(work, 'grub.cfg');
  const coreFile = join(work, 'core.img');
  patch(configurationFile, 'w', (out) => writeSync(out, configuration));
  const options = [
    '-O',
    'i386-pc',
    '-C',
    'none',
    '-c',
    configurationFile,
    '-p',
    '(hd0,msdos1)/boot/grub',
    '-o',
    coreFile,
  ];
  run('grub-mkimage', [...options, ...modules]);
  const code = readFileSync(join(GRUB_FILES, 'boot.img'));
  const core = readFileSync(coreFile);
  if (core.length > FIRST_PARTITION_OFFSET - SECTOR)
    throw new Error('the GRUB core image does not fit before the partition');
  patch(file, 'r+', (disk) => {
    writeSync(disk, code, 0, 440, 0);
    writeSync(disk, core, 0, core.length, SECTOR);
  });
}

function patch(file, flags, change) {
  const descriptor = openSync(file, flags);
  try {
    change(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
