import type { Clock } from '../../../shared/clock.ts';

/**
 * A bell for one loop that waits for many causes: requests that end, verbs, timers. A ring while nobody waits is
 * remembered, so no cause is missed between looking and waiting.
 */
export class Wakeup {
  readonly #clock: Clock;
  #rung = false;
  #wake: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Waits for the next ring, or for `timeoutMs` where given. */
  wait(timeoutMs = Infinity): Promise<void> {
    return new Promise((resolve) => {
      if (this.#rung) {
        this.#rung = false;
        resolve();
        return;
      }
      let cancel: (() => void) | undefined;
      const wake = () => {
        cancel?.();
        this.#wake = null;
        this.#rung = false;
        resolve();
      };
      this.#wake = wake;
      if (timeoutMs !== Infinity) cancel = this.#clock.after(timeoutMs, wake);
    });
  }
}
