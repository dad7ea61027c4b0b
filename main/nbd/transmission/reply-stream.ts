import type { Wire } from '../../block/nbd/wire/wire.ts';
import type { Flow } from './flow.ts';
import { SLAB_BYTES, type Slab, type SlabPool } from './slabs.ts';

/** Memory for one reply, to be filled in and then sent or dropped. */
export interface Draft {
  readonly bytes: Buffer;
  readonly slab: Slab;
  readonly start: number;
}

/**
 * Sends replies: those that are ready at the end of a turn of the event loop go out in one write. Replies are drafted
 * in slabs, one behind the other, so that what a disk reads is where the socket takes it from, with its header in front.
 */
export class ReplyStream {
  readonly #wire: Wire;
  readonly #pool: SlabPool;
  readonly #flow: Flow;
  #slab: Slab;
  #used = 0;
  /** What is ready, in order. Neighbours in memory are one piece. */
  #ready: { readonly slab: Slab; readonly start: number; end: number }[] = [];
  #scheduled = false;
  #closed = false;

  /** @param flow counts what is drafted until it has left */
  constructor(wire: Wire, pool: SlabPool, flow: Flow) {
    this.#wire = wire;
    this.#pool = pool;
    this.#flow = flow;
    this.#slab = pool.take();
  }

  draft(lengthBytes: number): Draft {
    this.#flow.hold(lengthBytes);
    // Behind the end nothing is sent, and the slab is somebody else's.
    if (lengthBytes > SLAB_BYTES || this.#closed) {
      const slab = this.#pool.take(lengthBytes);
      return { bytes: slab.bytes.subarray(0, lengthBytes), slab, start: 0 };
    }
    if (this.#slab.isSole) this.#used = 0;
    if (this.#slab.bytes.length - this.#used < lengthBytes) this.#renewSlab();
    const start = this.#used;
    this.#used += lengthBytes;
    this.#slab.hold();
    return { bytes: this.#slab.bytes.subarray(start, this.#used), slab: this.#slab, start };
  }

  send({ slab, start, bytes }: Draft): void {
    if (this.#closed) return this.#release(slab, bytes.length);
    const last = this.#ready.at(-1);
    if (last !== undefined && last.slab === slab && last.end === start) {
      last.end += bytes.length;
      slab.letGo();
    } else {
      this.#ready.push({ slab, start, end: start + bytes.length });
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Runs when nothing else can be done without waiting: all that local reads have filled in is ready by then.
    process.nextTick(() => this.#flush());
  }

  drop({ slab, bytes }: Draft): void {
    this.#release(slab, bytes.length);
  }

  /** What is ready goes out still; what is sent from now on does not. */
  close(): void {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    this.#slab.letGo();
  }

  #flush(): void {
    this.#scheduled = false;
    const pieces = this.#ready;
    if (pieces.length === 0 || this.#closed) return;
    this.#ready = [];
    const views = pieces.map(({ slab, start, end }) => slab.bytes.subarray(start, end));
    this.#wire.send(views, () => {
      for (const { slab, start, end } of pieces) this.#release(slab, end - start);
    });
  }

  #release(slab: Slab, bytes: number): void {
    slab.letGo();
    this.#flow.free(bytes);
  }

  #renewSlab(): void {
    this.#slab.letGo();
    this.#slab = this.#pool.take();
    this.#used = 0;
  }
}
