import { isZero } from '../../../../block/zeroes.ts';

/** A part of a buffer: `[start, end)`. */
export interface BufferRun {
  readonly start: number;
  readonly end: number;
  readonly zero: boolean;
}

/**
 * Cuts a buffer into runs of blocks that are all zero and of blocks that hold data.
 * @param blockBytes how many bytes must be zero together to count; 0 takes everything as data
 */
export function zeroRuns(data: Uint8Array, blockBytes: number): BufferRun[] {
  const all = { start: 0, end: data.length };
  if (blockBytes === 0 || data.length === 0) return [{ ...all, zero: false }];
  if (isZero(data)) return [{ ...all, zero: true }];
  const runs: BufferRun[] = [];
  for (let start = 0; start < data.length;) {
    const zero = blockIsZero(data, start, blockBytes);
    let end = Math.min(start + blockBytes, data.length);
    while (end < data.length && blockIsZero(data, end, blockBytes) === zero) {
      end = Math.min(end + blockBytes, data.length);
    }
    runs.push({ start, end, zero });
    start = end;
  }
  return runs;
}

/** Looks at the first word before it makes a view: most blocks of data are told by it. */
function blockIsZero(data: Uint8Array, start: number, blockBytes: number): boolean {
  return data[start] === 0 && isZero(data.subarray(start, start + blockBytes));
}
