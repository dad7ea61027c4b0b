import type { Range } from '../../block/range.ts';
import type { OrderPolicy } from './order-policy.ts';

/** What a recorded boot read, in its order: by far the best guess of what the next boot will wait for. */
export class BootProfile implements OrderPolicy {
  readonly name = 'boot profile';
  readonly urgent = true;
  readonly #ranges: readonly Range[];
  #next = 0;

  constructor(ranges: readonly Range[]) {
    this.#ranges = ranges;
  }

  next(): Range | null {
    return this.#ranges[this.#next++] ?? null;
  }
}
