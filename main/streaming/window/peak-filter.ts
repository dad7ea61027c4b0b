import type { Clock } from '../../../shared/clock.ts';

/** The largest value of the recent past: exact for one memory span, forgotten after two. */
export class PeakFilter {
  readonly #clock: Clock;
  readonly #spanMs: number;
  #sinceMs: number;
  #current = 0;
  #previous = 0;

  constructor(clock: Clock, spanMs: number) {
    this.#clock = clock;
    this.#spanMs = spanMs;
    this.#sinceMs = clock.now();
  }

  add(value: number): void {
    const nowMs = this.#clock.now();
    if (nowMs - this.#sinceMs >= this.#spanMs) {
      this.#previous = this.#current;
      this.#current = 0;
      this.#sinceMs = nowMs;
    }
    this.#current = Math.max(this.#current, value);
  }

  peak(): number {
    return Math.max(this.#current, this.#previous);
  }
}
