import type { Clock } from './clock.ts';

/** Longest stretch of work of a thread before others have their turn, in milliseconds. */
const STRETCH_MS = 8;

/** Long work in small slices: windows, guests and signals of the same thread have their turn meanwhile. */
export class WorkSlices {
  readonly #clock: Clock;
  #sinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.now();
  }

  /** To be called between pieces; waits when this stretch has been long enough. */
  async next(): Promise<void> {
    if (this.#clock.now() - this.#sinceMs < STRETCH_MS) return;
    await new Promise<void>((resolve) => void this.#clock.after(0, resolve));
    this.#sinceMs = this.#clock.now();
  }
}
