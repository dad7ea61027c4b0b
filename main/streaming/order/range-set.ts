import { rangeEnd, type Range } from '../../block/range.ts';

/** A set of guest addresses, kept as the fewest possible ranges in ascending order. */
export class RangeSet {
  readonly #ranges: Range[] = [];
  #totalBytes = 0;

  get totalBytes(): number {
    return this.#totalBytes;
  }

  add(range: Range): void {
    if (range.length <= 0) return;
    const first = this.#indexOfEndAtLeast(range.offset);
    let start = range.offset;
    let end = rangeEnd(range);
    let last = first;
    for (let met = this.#ranges[last]; met !== undefined && met.offset <= end; met = this.#ranges[last]) {
      start = Math.min(start, met.offset);
      end = Math.max(end, rangeEnd(met));
      this.#totalBytes -= met.length;
      last++;
    }
    this.#ranges.splice(first, last - first, { offset: start, length: end - start });
    this.#totalBytes += end - start;
  }

  remove(range: Range): void {
    if (range.length <= 0) return;
    const end = rangeEnd(range);
    const first = this.#indexOfEndAtLeast(range.offset);
    const kept: Range[] = [];
    let last = first;
    for (let met = this.#ranges[last]; met !== undefined && met.offset < end; met = this.#ranges[last]) {
      if (met.offset < range.offset) kept.push({ offset: met.offset, length: range.offset - met.offset });
      if (rangeEnd(met) > end) kept.push({ offset: end, length: rangeEnd(met) - end });
      this.#totalBytes -= met.length;
      last++;
    }
    this.#ranges.splice(first, last - first, ...kept);
    for (const part of kept) this.#totalBytes += part.length;
  }

  /** The first stretch of `range` that is not in the set; null when all of it is. */
  firstGap(range: Range): Range | null {
    const end = rangeEnd(range);
    let at = range.offset;
    for (let index = this.#indexOfEndAtLeast(at + 1); ; index++) {
      if (at >= end) return null;
      const met = this.#ranges[index];
      if (met === undefined || met.offset >= end) return { offset: at, length: end - at };
      if (met.offset > at) return { offset: at, length: met.offset - at };
      at = rangeEnd(met);
    }
  }

  [Symbol.iterator](): Iterator<Range> {
    return this.#ranges[Symbol.iterator]();
  }

  /** The first range that ends at or after `offset`: the first one a range that starts there can touch. */
  #indexOfEndAtLeast(offset: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const range = this.#ranges[middle];
      if (range !== undefined && rangeEnd(range) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
