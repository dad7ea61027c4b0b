import type { Clock } from '../../../shared/clock.ts';
import { MIB } from '../../../shared/units.ts';
import type { Departure, TransferWindow } from './transfer-window.ts';

/** How long a request is to take: a guest that writes to a cluster which is being copied waits for it. */
const REQUEST_MS = 20;
/** One is copied, the next is at hand when it is done. */
const REQUESTS = 2;
const SMALLEST_REQUEST_BYTES = 4 * MIB;
const LARGEST_REQUEST_BYTES = 32 * MIB;
/** What is asked for less tells more of the asking than of the copying. */
const LEAST_MEASURED_BYTES = MIB;

/**
 * How much of a source on the same machine is copied at a time. There is no line to fill, but a guest beside the copier:
 * each request that ends wakes the thread that serves it and gives that thread something to do, so there are few, and
 * they are large where copying is quick. Starting from 4 MiB, a request is what was last copied in 20 ms.
 */
export class LocalWindow implements TransferWindow {
  readonly #clock: Clock;
  #requestBytes = SMALLEST_REQUEST_BYTES;
  #lastEndMs = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get requestBytes(): number {
    return this.#requestBytes;
  }

  admits(outstandingBytes: number, bytes: number): boolean {
    return outstandingBytes === 0 || outstandingBytes + bytes <= REQUESTS * this.#requestBytes;
  }

  began(bytes: number): Departure {
    return { atMs: this.#clock.now(), bytes, deliveredBytes: 0, alone: false };
  }

  ended({ atMs, bytes }: Departure, fetchedBytes: number | null): void {
    const nowMs = this.#clock.now();
    // It waited for those before it.
    const elapsedMs = Math.max(nowMs - Math.max(atMs, this.#lastEndMs), 0.01);
    this.#lastEndMs = nowMs;
    // What was known to be zero, or left to others, took no copying.
    if (fetchedBytes === null || fetchedBytes < Math.max(bytes / 2, LEAST_MEASURED_BYTES)) return;
    const goalBytes = Math.min((fetchedBytes / elapsedMs) * REQUEST_MS, 2 * this.#requestBytes);
    this.#requestBytes = Math.min(Math.max(goalBytes, SMALLEST_REQUEST_BYTES), LARGEST_REQUEST_BYTES);
  }
}
