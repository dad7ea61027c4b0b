import { ok, type Result } from '../../../../../shared/result.ts';
import type { IoDisk } from '../disk/io-disk.ts';
import { errorText, explains } from '../error-text.ts';
import type { IoCommand } from '../io-command.ts';
import { quantity } from '../quantity.ts';

export const map: IoCommand = {
  name: 'map',
  // QEMU's is empty, not missing, which shows as a second space in its usage line.
  synopsis: '',
  summary: 'prints the allocated areas of a file',
  words: [0, 0],
  needs: 'disk',
  async run({ session }, disk) {
    for (let offset = 0; offset < disk.lengthBytes;) {
      const run = await allocationAt(disk, offset);
      if (!run.ok) {
        session.complain(`Failed to get allocation status: ${errorText(run.failure)}`);
        return explains(run.failure) && session.complain(run.failure.message);
      }
      const { allocated, length } = run.value;
      const state = allocated ? '    allocated' : 'not allocated';
      session.out(`${both(length)} bytes ${state} at offset ${both(offset)}\n`);
      offset += length;
    }
    return true;
  },
};

/** Whether this layer stores anything for `offset`, and for how many bytes that is so. */
async function allocationAt(
  disk: IoDisk,
  offset: number,
): Promise<Result<{ allocated: boolean; length: number }>> {
  let allocated: boolean | null = null;
  let end = offset;
  while (end < disk.lengthBytes) {
    const extent = await disk.extentAt(end, disk.lengthBytes - end);
    if (!extent.ok) return extent;
    const isAllocated = extent.value.kind !== 'unallocated';
    if (allocated !== null && isAllocated !== allocated) break;
    allocated = isAllocated;
    end += extent.value.length;
  }
  return ok({ allocated: allocated ?? false, length: end - offset });
}

function both(bytes: number): string {
  return `${quantity(bytes)} (0x${bytes.toString(16)})`;
}
