import { alignDown, KIB } from '../../../shared/units.ts';
import { COMMAND, REQUEST_BYTES } from '../../block/nbd/protocol.ts';
import type { WireInput } from '../../block/nbd/wire/wire.ts';
import { readRequest, type NbdRequest } from './request.ts';
import type { Slab, SlabPool } from './slabs.ts';

/** Where the data of a write goes, as it comes in. */
export interface Payload {
  /** `bytes` belong at `offset` of the device. They stay as they are until `release` is called. */
  take(offset: number, bytes: Buffer, release: () => void): void;
  /** That was all of it, or all that will come. */
  end(complete: boolean): void;
}

export interface RequestHandler {
  /** True while no further request is to be begun. */
  readonly busy: boolean;
  begin(request: NbdRequest): void;
  /** Begins a write whose data follows; null when the data is to be thrown away. */
  beginWrite(request: NbdRequest): Payload | null;
  /** The client no longer speaks the protocol. */
  malformed(): void;
  /** The client says and wants nothing more. */
  ended(): void;
}

/** A write whose data is coming in. */
interface Writing {
  readonly to: Payload | null;
  offset: number;
  remaining: number;
}

/** The socket is offered at least so much at a time. */
const LEAST_SPACE_BYTES = 64 * KIB;
/** Long writes are cut at multiples of this, so that no cluster of an image is written in two parts. */
const CUT_BYTES = 64 * KIB;
/** Data of a long write is passed on when there is so much of it. */
const PIECE_BYTES = 128 * KIB;

/**
 * Finds the requests in what a client sends. Data of writes is handed on where the socket put it: it is copied only
 * where a slab ends, and a write may be longer than any memory here.
 */
export class RequestStream implements WireInput {
  readonly #handler: RequestHandler;
  readonly #pool: SlabPool;
  #slab: Slab;
  /** What has come and was not yet looked at: `[start, end)` of the slab. */
  #start = 0;
  #end = 0;
  #writing: Writing | null = null;
  #over = false;
  #stalled = false;

  constructor(pool: SlabPool, handler: RequestHandler) {
    this.#pool = pool;
    this.#handler = handler;
    this.#slab = pool.take();
  }

  space(): Buffer {
    return this.#slab.bytes.subarray(this.#end);
  }

  filled(count: number): boolean {
    this.#end += count;
    const wantsMore = this.pump();
    // Only here: from one filling to the next the socket holds on to the space it was given.
    this.#makeSpace();
    return wantsMore;
  }

  /** Takes in bytes that came before the wire was started. */
  feed(bytes: Uint8Array): void {
    if (bytes.length > this.space().length) this.#moveTo(this.#pool.take(this.#end + bytes.length));
    this.space().set(bytes);
    this.filled(bytes.length);
  }

  /** True when the handler had enough: it is to call {@link pump} when it can do more. */
  get stalled(): boolean {
    return this.#stalled;
  }

  /** Begins the requests that are there. @returns false when the handler has enough, or nothing more is to come */
  pump(): boolean {
    while (!this.#over) {
      this.#stalled = this.#handler.busy;
      if (this.#stalled) return false;
      const progress = this.#writing === null ? this.#takeRequest() : this.#takeData(this.#writing);
      if (!progress) return true;
    }
    return false;
  }

  ended(): void {
    if (this.#over) return;
    this.stop();
    this.#handler.ended();
  }

  /** Looks at nothing that comes from now on. */
  stop(): void {
    this.#over = true;
    this.#writing?.to?.end(false);
    this.#writing = null;
  }

  /** Gives back the memory. Only when the wire no longer uses it. */
  dispose(): void {
    this.#slab.letGo();
  }

  #takeRequest(): boolean {
    if (this.#end - this.#start < REQUEST_BYTES) return false;
    const request = readRequest(this.#slab.bytes, this.#start);
    this.#start += REQUEST_BYTES;
    if (request === null) {
      this.stop();
      this.#handler.malformed();
    } else if (request.command === COMMAND.write) {
      const { offset, length } = request;
      this.#writing = { to: this.#handler.beginWrite(request), offset, remaining: length };
    } else {
      this.#handler.begin(request);
    }
    return true;
  }

  #takeData(writing: Writing): boolean {
    const length = this.#pieceLength(writing);
    if (length === 0 && writing.remaining > 0) return false;
    if (length > 0) {
      const bytes = this.#slab.bytes.subarray(this.#start, this.#start + length);
      this.#start += length;
      if (writing.to !== null) this.#handOn(writing.to, writing.offset, bytes);
      writing.offset += length;
      writing.remaining -= length;
    }
    if (writing.remaining === 0) {
      this.#writing = null;
      writing.to?.end(true);
    }
    return true;
  }

  /** How much of what is there is to be passed on: all that is missing, or a good part of it, or nothing yet. */
  #pieceLength({ to, offset, remaining }: Writing): number {
    const available = this.#end - this.#start;
    if (available >= remaining) return remaining;
    if (to === null) return available;
    const isFull = this.#slab.bytes.length - this.#end < LEAST_SPACE_BYTES;
    if (available < PIECE_BYTES && !isFull) return 0;
    return Math.max(0, alignDown(offset + available, CUT_BYTES) - offset);
  }

  #handOn(to: Payload, offset: number, bytes: Buffer): void {
    const slab = this.#slab;
    slab.hold();
    to.take(offset, bytes, () => slab.letGo());
  }

  /** Sees to it that there is space, in memory that nobody else uses. */
  #makeSpace(): void {
    if (this.#start === this.#end && this.#slab.isSole) {
      this.#start = 0;
      this.#end = 0;
    } else if (this.#slab.bytes.length - this.#end < LEAST_SPACE_BYTES) {
      this.#moveTo(this.#pool.take(this.#end - this.#start + LEAST_SPACE_BYTES));
    }
  }

  /** Goes on in another slab, with what was not yet looked at. */
  #moveTo(slab: Slab): void {
    this.#slab.bytes.copy(slab.bytes, 0, this.#start, this.#end);
    this.#slab.letGo();
    this.#slab = slab;
    this.#end -= this.#start;
    this.#start = 0;
  }
}
