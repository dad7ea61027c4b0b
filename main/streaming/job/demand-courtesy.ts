import type { Clock } from '../../../shared/clock.ts';
import type { RateLimit } from '../limits/rate-limit.ts';

/** A guest that waited this recently is likely to ask for more at once. */
const QUIET_MS = 100;
/** Background work passes at least one request in this time, however busy guests are. */
const LONGEST_WAIT_MS = 1000;
const LOOK_AGAIN_MS = 10;

/**
 * Keeps background requests off the line while guests wait for theirs: a guest that boots reads one block after the
 * other, and each would queue behind whatever the job had slipped in between. Bounded, so that a guest that never
 * stops asking slows the job down but does not stop it.
 */
export class DemandCourtesy {
  readonly #clock: Clock;
  readonly #limit: RateLimit;
  #lastPassMs = -Infinity;

  constructor(clock: Clock, limit: RateLimit) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** 0 when a request may go now, else the milliseconds after which to ask again. */
  waitMs(): number {
    if (this.#limit.quietMs() >= QUIET_MS) return 0;
    return this.#clock.now() - this.#lastPassMs >= LONGEST_WAIT_MS ? 0 : LOOK_AGAIN_MS;
  }

  passed(): void {
    this.#lastPassMs = this.#clock.now();
  }
}
