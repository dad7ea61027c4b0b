import { DONE, type Result } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import type { BlockDevice } from '../../block/device.ts';

const PIECE_BYTES = MIB;

/** Brings near what a range takes from elsewhere: reading it has copy-on-read keep it. What is local is not read. */
export async function prefetch(device: BlockDevice, offset: number, length: number): Promise<Result<void>> {
  let scratch: Buffer | null = null;
  const end = offset + length;
  for (let at = offset; at < end;) {
    const extent = await device.extentAt(at, Math.min(PIECE_BYTES, end - at));
    if (!extent.ok) return extent;
    if (extent.value.kind === 'unallocated') {
      scratch ??= Buffer.allocUnsafeSlow(PIECE_BYTES);
      const read = await device.read(at, scratch.subarray(0, extent.value.length));
      if (!read.ok) return read;
    }
    at += extent.value.length;
  }
  return DONE;
}
