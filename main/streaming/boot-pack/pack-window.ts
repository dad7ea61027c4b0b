import type { Clock } from '../../../shared/clock.ts';
import { MIB } from '../../../shared/units.ts';
import { FRAME_BYTES } from '../../block/pack/layout.ts';
import type { Departure, TransferWindow } from '../job/transfer-window.ts';

/** Requests that travel together: while one arrives the next is asked for, so the line never rests. */
const TOGETHER = 2;
/** What a request is to take to arrive on a fast line: long beside a round trip. */
const REQUEST_MS = 100;
const LARGEST_REQUEST_BYTES = MIB;
/** How much of the estimate the latest measurement is. */
const WEIGHT = 0.3;

/**
 * How much of a boot pack may be outstanding: two frames, or more of them where the line is fast. A guest waits for
 * frames whole and in order, so unlike a stream job's requests ({@link AdaptiveWindow}) these are never smaller.
 */
export class PackWindow implements TransferWindow {
  readonly #clock: Clock;
  #bytesPerMs = 0;
  #deliveredBytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get requestBytes(): number {
    return Math.min(this.#bytesPerMs * REQUEST_MS, LARGEST_REQUEST_BYTES);
  }

  admits(outstandingBytes: number, bytes: number): boolean {
    const most = TOGETHER * Math.max(this.requestBytes, FRAME_BYTES);
    return outstandingBytes === 0 || outstandingBytes + bytes <= most;
  }

  began(bytes: number): Departure {
    return { atMs: this.#clock.now(), bytes, deliveredBytes: this.#deliveredBytes, alone: false };
  }

  ended({ atMs, deliveredBytes }: Departure, fetchedBytes: number | null): void {
    if (fetchedBytes === null) return;
    this.#deliveredBytes += fetchedBytes;
    const elapsedMs = Math.max(this.#clock.now() - atMs, 1);
    const rate = (this.#deliveredBytes - deliveredBytes) / elapsedMs;
    this.#bytesPerMs += WEIGHT * (rate - this.#bytesPerMs);
  }
}
