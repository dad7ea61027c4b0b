import type { Answered } from '../../main/serve/answer.ts';
import { rangeEnd, type Range } from '../../main/block/range.ts';

/** How often each byte of a served file was sent. Single bytes do not count: each connection begins with one. */
export class FetchLedger {
  readonly #counts: Uint8Array;

  constructor(lengthBytes: number) {
    this.#counts = new Uint8Array(lengthBytes);
  }

  readonly note = ({ status, range }: Answered): void => {
    if (status !== 206 || range === null || range.length <= 1) return;
    for (let at = range.offset; at < rangeEnd(range); at++) this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  };

  /** Bytes that were sent at least once. */
  get fetchedBytes(): number {
    return this.#counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  }

  /** Where something was sent again; null where nothing was. */
  get sentAgain(): Range | null {
    const offset = this.#counts.findIndex((count) => count > 1);
    if (offset < 0) return null;
    const after = this.#counts.subarray(offset).findIndex((count) => count <= 1);
    return { offset, length: after < 0 ? this.#counts.length - offset : after };
  }
}
