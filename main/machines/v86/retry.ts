import { sleep, type Clock } from '../../../shared/clock.ts';

/** Waiting times between tries of a failed read, in milliseconds; the last one repeats. */
const BACKOFF_MS = [250, 500, 1000, 2000, 5000];

/** Lets failed requests wait: for their next turn, or for the user. */
export class Retry {
  readonly #clock: Clock;
  #wakeUp = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Everybody tries again now. */
  kick(): void {
    const sleeping = this.#wakeUp;
    this.#wakeUp = new AbortController();
    sleeping.abort();
  }

  /** Waits before try number `attempt` (1 after the first failure); a kick ends the wait. */
  pause(attempt: number): Promise<void> {
    const delayMs = BACKOFF_MS[Math.min(attempt, BACKOFF_MS.length) - 1] ?? 0;
    return sleep(this.#clock, delayMs, this.#wakeUp.signal);
  }

  /** Waits for the next kick. */
  kicked(): Promise<void> {
    const { signal } = this.#wakeUp;
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }
}
