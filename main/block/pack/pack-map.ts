import { rangeEnd, type Range } from '../range.ts';
import type { PackIndex } from './layout.ts';

/** A stretch of the disk, and where in the pack it is. */
export interface PackPart extends Range {
  /** Number of the frame. */
  readonly frame: number;
  /** Where in the content of the frame. */
  readonly contentOffset: number;
}

/** Finds in a pack what belongs to a stretch of the disk. */
export class PackMap {
  /** In ascending order of the disk. */
  readonly #parts: readonly PackPart[];

  constructor({ frames }: Pick<PackIndex, 'frames'>) {
    const parts: PackPart[] = [];
    for (const [frame, { ranges }] of frames.entries()) {
      let contentOffset = 0;
      for (const { offset, length } of ranges) {
        parts.push({ offset, length, frame, contentOffset });
        contentOffset += length;
      }
    }
    this.#parts = parts.sort((one, other) => one.offset - other.offset);
  }

  /** What the pack has of `range`, ascending, cut to it. */
  within(range: Range): PackPart[] {
    const found: PackPart[] = [];
    const end = rangeEnd(range);
    for (let index = this.#firstEndingAfter(range.offset); ; index++) {
      const part = this.#parts[index];
      if (part === undefined || part.offset >= end) return found;
      const skipped = Math.max(0, range.offset - part.offset);
      const offset = part.offset + skipped;
      const length = Math.min(rangeEnd(part), end) - offset;
      found.push({ offset, length, frame: part.frame, contentOffset: part.contentOffset + skipped });
    }
  }

  #firstEndingAfter(offset: number): number {
    let low = 0;
    let high = this.#parts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const part = this.#parts[middle];
      if (part !== undefined && rangeEnd(part) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
