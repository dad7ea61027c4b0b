import type { Clock } from '../../shared/clock.ts';

/** How long a feed is good without another look, in milliseconds. */
const REFRESH_MS = 4 * 60 * 60 * 1000;
/** After the first failure; doubled after each further one, up to {@link REFRESH_MS}. */
const RETRY_MS = 15 * 60 * 1000;

/** When each feed is to be looked at next. */
export class RefreshSchedule {
  readonly #clock: Clock;
  readonly #due: (id: string) => void;
  readonly #cancels = new Map<string, () => void>();
  readonly #failures = new Map<string, number>();

  constructor(clock: Clock, due: (id: string) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  /** As soon as possible. */
  atOnce(id: string): void {
    this.#after(id, 0);
  }

  /** After a look that succeeded. */
  afterSuccess(id: string): void {
    this.#failures.delete(id);
    this.#after(id, REFRESH_MS);
  }

  /** After one that failed. @param askedMs how long the source wants to be left alone, where it said so */
  afterFailure(id: string, askedMs = 0): void {
    const failures = this.#failures.get(id) ?? 0;
    this.#failures.set(id, failures + 1);
    this.#after(id, Math.max(askedMs, Math.min(RETRY_MS * 2 ** failures, REFRESH_MS)));
  }

  /** After a look that had to be put off. */
  afterHold(id: string): void {
    this.#after(id, RETRY_MS);
  }

  forget(id: string): void {
    this.#cancels.get(id)?.();
    this.#cancels.delete(id);
    this.#failures.delete(id);
  }

  stop(): void {
    for (const id of [...this.#cancels.keys()]) this.forget(id);
  }

  #after(id: string, delayMs: number): void {
    this.#cancels.get(id)?.();
    const cancel = this.#clock.after(delayMs, () => {
      this.#cancels.delete(id);
      this.#due(id);
    });
    this.#cancels.set(id, cancel);
  }
}
