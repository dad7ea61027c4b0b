// What has a guest know the time, and have random numbers of its own, after it was paused or saved (docs/host-line.md).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assemble } from '../program.mjs';
import { writeInTree } from '../tree.mjs';

/** To be started once by the guest's init, in the background. */
export const HOST_LINE = '/usr/lib/headwater/host-line';

/** Puts the listener into a guest's tree. @param {string} work folder for intermediate files */
export function installHostLine(tree, work) {
  writeInTree(join(tree, HOST_LINE), readFileSync(join(import.meta.dirname, 'host-line')), true);
  const reseed = assemble(join(import.meta.dirname, 'reseed.S'), work);
  writeInTree(join(tree, 'usr/lib/headwater/reseed'), reseed, true);
}
