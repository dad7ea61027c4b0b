import { rangeEnd, type Range } from '../../block/range.ts';
import { RangeSet } from './range-set.ts';

/**
 * Collects what a guest reads of its source, each byte once, in order of first use: the raw material of a boot profile.
 * What the guest has written before it reads it is its own and not part of that.
 */
export class BootRecorder {
  readonly #seen = new RangeSet();
  readonly #ranges: Range[] = [];
  readonly #mostBytes: number;
  readonly #sourceBytes: number;
  #bytes = 0;

  /**
   * @param mostBytes stops after this much; what comes later is not boot any more
   * @param sourceBytes length of the source: beyond it there is nothing to fetch
   */
  constructor(mostBytes: number, sourceBytes = Infinity) {
    this.#mostBytes = mostBytes;
    this.#sourceBytes = sourceBytes;
  }

  /** True when as much as was asked for is recorded. */
  get full(): boolean {
    return this.#bytes >= this.#mostBytes;
  }

  note({ offset, length }: Range): void {
    const access = { offset, length: Math.min(length, this.#sourceBytes - offset) };
    while (!this.full && access.length > 0) {
      const fresh = this.#seen.firstGap(access);
      if (fresh === null) return;
      this.#seen.add(fresh);
      this.#bytes += fresh.length;
      const last = this.#ranges.at(-1);
      if (last !== undefined && rangeEnd(last) === fresh.offset) {
        this.#ranges[this.#ranges.length - 1] = { offset: last.offset, length: last.length + fresh.length };
      } else {
        this.#ranges.push(fresh);
      }
    }
  }

  wrote(range: Range): void {
    this.#seen.add(range);
  }

  profile(): readonly Range[] {
    return [...this.#ranges];
  }
}
