import type { Range } from '../../block/range.ts';
import { RangeSet } from './range-set.ts';

/** Collects what a guest reads, each byte once, in order of first use: the raw material of a boot profile. */
export class BootRecorder {
  readonly #seen = new RangeSet();
  readonly #ranges: Range[] = [];
  readonly #mostBytes: number;

  /** @param mostBytes stops after this much; what comes later is not boot any more. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  note(access: Range): void {
    for (;;) {
      if (this.#seen.totalBytes >= this.#mostBytes) return;
      const fresh = this.#seen.firstGap(access);
      if (fresh === null) return;
      this.#seen.add(fresh);
      const last = this.#ranges.at(-1);
      if (last !== undefined && last.offset + last.length === fresh.offset) {
        this.#ranges[this.#ranges.length - 1] = { offset: last.offset, length: last.length + fresh.length };
      } else {
        this.#ranges.push(fresh);
      }
    }
  }

  profile(): readonly Range[] {
    return [...this.#ranges];
  }
}
