import { KIB } from '../../../shared/units.ts';

/** Room for several requests of the usual largest size, and still in a processor's second-level cache. */
export const SLAB_BYTES = 512 * KIB;
/** Slabs kept for later; more are given back to the system. */
const MOST_KEPT = 16;

/** A piece of memory that is used again when nobody holds it any more. Whoever takes one holds it. */
export class Slab {
  readonly bytes: Buffer;
  readonly #pool: SlabPool;
  #holders = 1;

  constructor(pool: SlabPool, lengthBytes: number) {
    this.#pool = pool;
    // Not from Node's shared pool, and not zeroed: every byte that is sent was written before.
    this.bytes = Buffer.allocUnsafeSlow(lengthBytes);
  }

  /** True when only one holder is left. */
  get isSole(): boolean {
    return this.#holders === 1;
  }

  hold(): void {
    this.#holders++;
  }

  letGo(): void {
    this.#holders--;
    if (this.#holders > 0) return;
    this.#holders = 1;
    this.#pool.keep(this);
  }
}

/** The slabs of a server: its connections take turns with them. */
export class SlabPool {
  readonly #free: Slab[] = [];

  /** @param lengthBytes at least so much; more than {@link SLAB_BYTES} is made for the occasion */
  take(lengthBytes = SLAB_BYTES): Slab {
    if (lengthBytes > SLAB_BYTES) return new Slab(this, lengthBytes);
    return this.#free.pop() ?? new Slab(this, SLAB_BYTES);
  }

  keep(slab: Slab): void {
    if (slab.bytes.length === SLAB_BYTES && this.#free.length < MOST_KEPT) this.#free.push(slab);
  }
}
