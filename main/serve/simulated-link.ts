import { type Clock, sleep } from '../../shared/clock.ts';
import { KIB, MIB } from '../../shared/units.ts';
import type { LinkShape } from './link-spec.ts';

/** Shortest and longest piece put on the line at a time, in bytes. */
const MIN_CHUNK_BYTES = 4 * KIB;
const MAX_CHUNK_BYTES = 256 * KIB;
/** How long one piece occupies the line, about: short enough that connections take turns. */
const CHUNK_MS = 2;
/** How much a connection keeps queued when no window is given: enough to bridge the coarseness of timers. */
const AHEAD_MS = 15;
const MAX_AHEAD_BYTES = 4 * MIB;

/**
 * One line shared by all connections. Bytes queue on it first come, first served, at exactly the rate given: the
 * line remembers until when it is taken, so late timers neither gain nor lose capacity while there is a queue.
 * Only the way to the client is limited, and only bodies count.
 */
export class SimulatedLink {
  readonly #clock: Clock;
  readonly #msPerByte: number;
  readonly #shape: LinkShape;
  /** The longest piece a flow should send at once, in bytes. */
  readonly chunkBytes: number;
  /** Most bytes of one flow under way. */
  readonly windowBytes: number;
  #freeAtMs = 0;

  constructor(shape: LinkShape, clock: Clock) {
    this.#clock = clock;
    this.#shape = shape;
    this.#msPerByte = shape.bitsPerSecond === null ? 0 : 8000 / shape.bitsPerSecond;
    const perChunk = Math.round(CHUNK_MS / this.#msPerByte);
    const chunkBytes = Math.min(Math.max(perChunk, MIN_CHUNK_BYTES), MAX_CHUNK_BYTES);
    this.chunkBytes = Math.min(chunkBytes, shape.windowBytes ?? Infinity);
    const ahead = Math.min(AHEAD_MS / this.#msPerByte, MAX_AHEAD_BYTES);
    this.windowBytes = shape.windowBytes ?? Math.max(2 * chunkBytes, ahead);
  }

  get roundTripMs(): number {
    return this.#shape.roundTripMs;
  }

  /** Puts `bytes` at the end of the queue; returns when the last of them arrives, in milliseconds of the clock. */
  enqueue(bytes: number): number {
    this.#freeAtMs = Math.max(this.#freeAtMs, this.#clock.now()) + bytes * this.#msPerByte;
    return this.#freeAtMs;
  }

  /** A connection's share of the line, for one response. */
  flow(): Flow {
    const acknowledgedAfterMs = this.#shape.windowBytes === undefined ? 0 : this.#shape.roundTripMs;
    return new Flow(this, this.#clock, acknowledgedAfterMs);
  }
}

/** Keeps what one connection has on the line inside its window. */
export class Flow {
  readonly #link: SimulatedLink;
  readonly #clock: Clock;
  readonly #acknowledgedAfterMs: number;
  readonly #underWay: { readonly bytes: number; readonly acknowledgedMs: number }[] = [];
  #underWayBytes = 0;

  constructor(link: SimulatedLink, clock: Clock, acknowledgedAfterMs: number) {
    this.#link = link;
    this.#clock = clock;
    this.#acknowledgedAfterMs = acknowledgedAfterMs;
  }

  /** Waits until the window has room, then enqueues. Resolves to the time of arrival. */
  async send(bytes: number): Promise<number> {
    for (let oldest = this.#oldest(); oldest !== undefined; oldest = this.#oldest()) {
      const waitMs = oldest.acknowledgedMs - this.#clock.now();
      if (waitMs > 0) {
        if (this.#underWayBytes + bytes <= this.#link.windowBytes) break;
        await sleep(this.#clock, waitMs);
        continue;
      }
      this.#underWay.shift();
      this.#underWayBytes -= oldest.bytes;
    }
    const arrivesMs = this.#link.enqueue(bytes);
    this.#underWay.push({ bytes, acknowledgedMs: arrivesMs + this.#acknowledgedAfterMs });
    this.#underWayBytes += bytes;
    return arrivesMs;
  }

  #oldest() {
    return this.#underWay[0];
  }
}
