import { SECTOR_BYTES } from '../../../../../shared/units.ts';
import { isZero } from '../../../../block/zeroes.ts';

/** Where the first sector that differs begins in two buffers of one length; null when they are equal. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number | null {
  if (Buffer.compare(a, b) === 0) return null;
  return firstSector(
    a.length,
    (start, end) => Buffer.compare(a.subarray(start, end), b.subarray(start, end)) !== 0,
  );
}

/** Where the first sector that holds anything but zeroes begins; null when there is none. */
export function firstNonZero(data: Uint8Array): number | null {
  if (isZero(data)) return null;
  return firstSector(data.length, (start, end) => !isZero(data.subarray(start, end)));
}

function firstSector(length: number, differs: (start: number, end: number) => boolean): number | null {
  for (let start = 0; start < length; start += SECTOR_BYTES) {
    if (differs(start, Math.min(start + SECTOR_BYTES, length))) return start;
  }
  return null;
}
