import { alignDown, MIB } from '../../../shared/units.ts';
import { rangeEnd, type Range } from '../../block/range.ts';
import type { OrderPolicy } from './order-policy.ts';

/** Misses remembered; older ones are what the guest has left behind. */
const MOST_MISSES = 16;
/** What follows a miss is likelier to be wanted than what precedes it: files are mostly read forwards. */
const AFTER_BYTES = 2 * MIB;
const BEFORE_BYTES = MIB / 2;
/** Misses this close to each other ask for the same neighbourhood. */
const NEIGHBOURHOOD_BYTES = MIB;

/** The neighbourhoods of the guest's latest misses, newest first. */
export class GuestLed implements OrderPolicy {
  readonly name = 'guest-led';
  readonly urgent = false;
  readonly #wishes: Range[] = [];
  #latest = -1;

  /** Tells of a guest read that had to be fetched. */
  noteMiss(miss: Range): void {
    const neighbourhood = alignDown(miss.offset, NEIGHBOURHOOD_BYTES);
    if (neighbourhood === this.#latest) return;
    this.#latest = neighbourhood;
    const start = Math.max(0, miss.offset - BEFORE_BYTES);
    this.#wishes.unshift(
      { offset: rangeEnd(miss), length: AFTER_BYTES },
      { offset: start, length: miss.offset - start },
    );
    this.#wishes.length = Math.min(this.#wishes.length, 2 * MOST_MISSES);
  }

  next(): Range | null {
    return this.#wishes.shift() ?? null;
  }
}
