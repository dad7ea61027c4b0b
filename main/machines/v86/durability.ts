import type { Clock } from '../../../shared/clock.ts';
import { DONE, type Result } from '../../../shared/result.ts';

/** An acknowledged write is on its way to the platter after this long at the latest, in milliseconds. */
export const FLUSH_WINDOW_MS = 200;

/**
 * Decides when the disk is flushed. v86 completes the guest's own flush commands without telling its disk, so a timer
 * makes writes durable; pause, stop, halt and quit ask for it at once, and so does the guest where its flush commands
 * can be seen (`guest-flush.ts`).
 *
 * One flush runs at a time. A request that comes meanwhile gets the next one: the one under way may have begun before
 * the last write was acknowledged.
 */
export class Durability {
  readonly #clock: Clock;
  readonly #flushDevice: () => Promise<Result<void>>;
  #dirty = false;
  #cancelTimer: (() => void) | null = null;
  #current: Promise<Result<void>> | null = null;
  #next: Promise<Result<void>> | null = null;

  /** @param flushDevice flushes and reports its failures; what it could not flush stays due. */
  constructor(clock: Clock, flushDevice: () => Promise<Result<void>>) {
    this.#clock = clock;
    this.#flushDevice = flushDevice;
  }

  /** A write was acknowledged by the disk. */
  written(): void {
    this.#dirty = true;
    this.#cancelTimer ??= this.#clock.after(FLUSH_WINDOW_MS, () => {
      this.#cancelTimer = null;
      void this.flush(); // a failure was reported by flushDevice, and the disk stays dirty
    });
  }

  /** Makes everything acknowledged so far durable. */
  flush(): Promise<Result<void>> {
    if (this.#current === null) return this.#run();
    this.#next ??= this.#current.then(() => {
      this.#next = null;
      return this.#run();
    });
    return this.#next;
  }

  #run(): Promise<Result<void>> {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (!this.#dirty) return Promise.resolve(DONE);
    this.#dirty = false;
    const run = this.#flushDevice().then((result) => {
      if (this.#current === run) this.#current = null;
      if (!result.ok) this.#dirty = true;
      return result;
    });
    this.#current = run;
    return run;
  }
}
