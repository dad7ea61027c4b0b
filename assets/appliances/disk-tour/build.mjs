// Disk Tour: assembles the boot program and lays out a disk worth reading. ../build.mjs runs this.
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../lib/command.mjs';

const CLUSTER_BYTES = 64 * 1024;
/** Every fourth cluster is all zeroes, and one longer stretch is, so that streaming has holes to find. */
const isZeroCluster = (cluster) => cluster % 4 === 3 || (cluster >= 96 && cluster < 128);

export function build({ appliance, diskFile, work, log }) {
  log('assembling the boot program');
  const object = join(work, 'tour.o');
  const linked = join(work, 'tour.elf');
  const program = join(work, 'tour.bin');
  run('as', ['--32', '-o', object, join(import.meta.dirname, 'tour.S')]);
  run('ld', ['-m', 'elf_i386', '-Ttext', '0x7c00', '-o', linked, object]);
  run('objcopy', ['-O', 'binary', '-j', '.text', linked, program]);

  log('writing the disk');
  const disk = openSync(diskFile, 'w');
  try {
    ftruncateSync(disk, appliance.diskSizeBytes);
    for (let cluster = 0; cluster < appliance.diskSizeBytes / CLUSTER_BYTES; cluster++) {
      if (isZeroCluster(cluster)) continue;
      writeSync(disk, noise(cluster), 0, CLUSTER_BYTES, cluster * CLUSTER_BYTES);
    }
    const boot = readFileSync(program);
    writeSync(disk, boot, 0, boot.length, 0);
    // The last sector holds the counter that the guest's `w` increments; it starts at zero.
    writeSync(disk, Buffer.alloc(512), 0, 512, appliance.diskSizeBytes - 512);
  } finally {
    closeSync(disk);
  }
}

/** The same incompressible bytes for the same cluster, always (xorshift32, seeded with the cluster's number). */
function noise(cluster) {
  const words = new Uint32Array(CLUSTER_BYTES / 4);
  let state = (cluster + 1) * 0x9e3779b9;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return Buffer.from(words.buffer);
}
