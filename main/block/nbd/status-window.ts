import { ALLOCATION_STATE } from './protocol.ts';

/** What is known of a place: whether it reads as zeroes, and how far that goes. */
export interface KnownState {
  readonly zero: boolean;
  readonly length: number;
}

/** The answer to a block status, kept so that neighbouring questions need no other: each crosses the network. */
export class StatusWindow {
  readonly start: number;
  /** Where each stretch ends, ascending. */
  readonly #ends: Float64Array;
  readonly #zero: Uint8Array;

  /**
   * @param descriptors as they came: length and flags of each stretch from `start` on
   * @param limit the end of the device: what is told of beyond it is left out
   * @returns null when they are not valid
   */
  static from(start: number, descriptors: Buffer, limit: number): StatusWindow | null {
    const count = descriptors.length / 8;
    const ends = new Float64Array(count);
    const zero = new Uint8Array(count);
    let end = start;
    for (let index = 0; index < count; index++) {
      const length = descriptors.readUInt32BE(index * 8);
      if (length === 0) return null;
      end += length;
      ends[index] = Math.min(end, limit);
      zero[index] = (descriptors.readUInt32BE(index * 8 + 4) & ALLOCATION_STATE.zero) === 0 ? 0 : 1;
    }
    return count === 0 ? null : new StatusWindow(start, ends, zero);
  }

  private constructor(start: number, ends: Float64Array, zero: Uint8Array) {
    this.start = start;
    this.#ends = ends;
    this.#zero = zero;
  }

  /** The state of `offset`; null where this tells nothing of it. */
  at(offset: number): KnownState | null {
    if (offset < this.start) return null;
    let low = 0;
    for (let high = this.#ends.length; low < high;) {
      const middle = (low + high) >> 1;
      if ((this.#ends[middle] ?? 0) > offset) high = middle;
      else low = middle + 1;
    }
    const end = this.#ends[low];
    return end === undefined ? null : { zero: this.#zero[low] === 1, length: end - offset };
  }
}
