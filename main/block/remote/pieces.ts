import { KIB, alignUp } from '../../../shared/units.ts';
import type { Range } from '../range.ts';

/** Piece borders fall on this many bytes, the page of most servers. */
const BORDER_BYTES = 4 * KIB;

/** Cuts `[0, lengthBytes)` into ascending pieces of about equal length, none longer than `mostBytes`. */
export function* piecesOf(lengthBytes: number, mostBytes: number): Generator<Range, void> {
  const even = Math.ceil(lengthBytes / Math.ceil(lengthBytes / mostBytes));
  const step = Math.min(alignUp(even, BORDER_BYTES), mostBytes);
  for (let offset = 0; offset < lengthBytes; offset += step) {
    yield { offset, length: Math.min(step, lengthBytes - offset) };
  }
}
