import type { Clock } from '../../../shared/clock.ts';
import type { Failure } from '../../../shared/result.ts';
import { BackOff, worthWaiting, type SourcePolicy } from '../waiting/back-off.ts';

/** Why a job makes no progress although nothing is wrong with it. Times in milliseconds of the job's clock. */
export interface WaitingForSource {
  readonly sinceMs: number;
  readonly nextTryMs: number;
  readonly tries: number;
  readonly failure: Failure;
}

/** Whether the source of a job can be reached, and when to try again. */
export class SourceWatch {
  readonly #clock: Clock;
  readonly #policy: SourcePolicy;
  readonly #backOff: BackOff;
  #waiting: WaitingForSource | null = null;

  constructor(clock: Clock, policy: SourcePolicy) {
    this.#clock = clock;
    this.#policy = policy;
    this.#backOff = new BackOff(policy);
  }

  get waiting(): WaitingForSource | null {
    return this.#waiting;
  }

  /** Milliseconds until the next try; 0 when there is nothing to wait for. */
  waitMs(): number {
    return this.#waiting === null ? 0 : Math.max(0, this.#waiting.nextTryMs - this.#clock.now());
  }

  /** Requests in flight fail together: they count as one try. @returns false when the failure is to be reported. */
  lost(failure: Failure): boolean {
    if (!worthWaiting(this.#policy, failure)) return false;
    const nowMs = this.#clock.now();
    if (this.#waiting !== null && this.#waiting.nextTryMs > nowMs) return true;
    const nextTryMs = nowMs + this.#backOff.nextMs(failure);
    this.#waiting = {
      sinceMs: this.#waiting?.sinceMs ?? nowMs,
      nextTryMs,
      tries: this.#backOff.tries,
      failure,
    };
    return true;
  }

  /** @returns true when this ended a wait. */
  answered(): boolean {
    const ended = this.#waiting !== null;
    this.#waiting = null;
    this.#backOff.reset();
    return ended;
  }

  retryNow(): void {
    if (this.#waiting !== null) this.#waiting = { ...this.#waiting, nextTryMs: this.#clock.now() };
  }
}
