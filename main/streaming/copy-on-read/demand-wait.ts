import type { Clock } from '../../../shared/clock.ts';
import type { Failure } from '../../../shared/result.ts';
import { BackOff, worthWaiting, type SourcePolicy } from '../waiting/back-off.ts';
import type { WaitingForData } from './observer.ts';

/** The part of one guest read in {@link DemandWait}. */
export interface WaitingRead {
  /** Waits until it is time to try again; false when the failure is to be reported instead. */
  retryAfter(failure: Failure): Promise<boolean>;
  /** The read is over. @param served it has its data, so the source is back for everybody */
  left(served: boolean): void;
}

/**
 * Where guest reads wait while their source is lost. All share one back-off, so a dead source is not asked the more
 * often the more reads wait for it; the first that is served sets all others going.
 */
export class DemandWait {
  readonly #clock: Clock;
  readonly #policy: SourcePolicy;
  readonly #backOff: BackOff;
  readonly #observe: (state: WaitingForData | null) => void;
  readonly #reads = new Set<WaitingRead>();
  readonly #asleep = new Set<() => void>();
  #state: Omit<WaitingForData, 'reads'> | null = null;
  #givenUp = false;

  constructor(clock: Clock, policy: SourcePolicy, observe: (state: WaitingForData | null) => void) {
    this.#clock = clock;
    this.#policy = policy;
    this.#backOff = new BackOff(policy);
    this.#observe = observe;
  }

  get state(): WaitingForData | null {
    return this.#state === null ? null : { ...this.#state, reads: this.#reads.size };
  }

  join(): WaitingRead {
    const read: WaitingRead = {
      retryAfter: (failure) => this.#retryAfter(read, failure),
      left: (served) => this.#left(read, served),
    };
    return read;
  }

  /** Sets all going at once: the user says the network is back. */
  retryNow(): void {
    if (this.#state !== null) this.#state = { ...this.#state, nextTryMs: this.#clock.now() };
    this.#wakeAll();
  }

  /** Nobody waits any more, now or later: the device closes. */
  giveUp(): void {
    this.#givenUp = true;
    this.#wakeAll();
  }

  async #retryAfter(read: WaitingRead, failure: Failure): Promise<boolean> {
    if (this.#givenUp || !worthWaiting(this.#policy, failure)) return false;
    const nowMs = this.#clock.now();
    this.#reads.add(read);
    if (this.#state === null || this.#state.nextTryMs <= nowMs) {
      const nextTryMs = nowMs + this.#backOff.nextMs(failure);
      this.#state = { sinceMs: this.#state?.sinceMs ?? nowMs, nextTryMs, failure };
    }
    this.#observe(this.state);
    await this.#sleep(this.#state.nextTryMs - nowMs);
    return !this.#givenUp;
  }

  #left(read: WaitingRead, served: boolean): void {
    if (!this.#reads.delete(read)) return;
    if (served || this.#reads.size === 0) {
      this.#backOff.reset();
      this.#wakeAll();
    }
    if (this.#reads.size === 0) this.#state = null;
    this.#observe(this.state);
  }

  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        cancel();
        this.#asleep.delete(wake);
        resolve();
      };
      const cancel = this.#clock.after(delayMs, wake);
      this.#asleep.add(wake);
    });
  }

  #wakeAll(): void {
    for (const wake of [...this.#asleep]) wake();
  }
}
