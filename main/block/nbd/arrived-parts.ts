/** As many stretches of a read may come apart from one another; servers send in blocks of 512 bytes at least. */
const MOST_PARTS = 4096;

/** Which parts of a read have come: in any order, but each byte once. */
export class ArrivedParts {
  /** Apart from one another, in order: `[start, end)`. */
  readonly #parts: { start: number; end: number }[] = [];

  /** @returns false where some of it came already, or the parts are more than an honest server would make */
  add(start: number, end: number): boolean {
    const at = this.#placeOf(start);
    const before = this.#parts[at - 1];
    const behind = this.#parts[at];
    if ((before !== undefined && before.end > start) || (behind !== undefined && behind.start < end))
      return false;
    const joinsBefore = before?.end === start;
    const joinsBehind = behind?.start === end;
    if (joinsBefore && joinsBehind) {
      before.end = behind.end;
      this.#parts.splice(at, 1);
    } else if (joinsBefore) before.end = end;
    else if (joinsBehind) behind.start = start;
    else this.#parts.splice(at, 0, { start, end });
    return this.#parts.length <= MOST_PARTS;
  }

  /** Whether everything up to `length` has come. */
  areAll(length: number): boolean {
    const [first] = this.#parts;
    return length === 0 || (first?.start === 0 && first.end === length);
  }

  /** The index of the first part that begins at `start` or behind it. */
  #placeOf(start: number): number {
    let [low, high] = [0, this.#parts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#parts[middle]?.start ?? Infinity) < start) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
