import type { Failure, FailureCode } from '../../../shared/result.ts';

/** What to do when a source fails in a way that may pass. */
export interface SourcePolicy {
  /** `report`: fail at once (tools). `wait`: keep trying until it works or somebody gives up (machines). */
  readonly mode: 'report' | 'wait';
  /** Failures worth waiting for. */
  readonly codes: readonly FailureCode[];
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
}

export const REPORT: SourcePolicy = { mode: 'report', codes: [], firstDelayMs: 0, longestDelayMs: 0 };

/** A master that changed or was taken away may be put back, so it is waited for too; the user sees why meanwhile. */
export const WAIT: SourcePolicy = {
  mode: 'wait',
  codes: ['source-unreachable', 'source-refused', 'source-changed'],
  firstDelayMs: 500,
  longestDelayMs: 30_000,
};

export function worthWaiting(policy: SourcePolicy, failure: Failure): boolean {
  return policy.mode === 'wait' && policy.codes.includes(failure.code);
}

/** Doubling delays between tries; never shorter than the source asked for. */
export class BackOff {
  readonly #policy: SourcePolicy;
  #tries = 0;

  constructor(policy: SourcePolicy) {
    this.#policy = policy;
  }

  get tries(): number {
    return this.#tries;
  }

  nextMs(failure: Failure): number {
    const doubled = this.#policy.firstDelayMs * 2 ** Math.min(this.#tries, 30);
    this.#tries += 1;
    return Math.max(Math.min(doubled, this.#policy.longestDelayMs), failure.retryAfterMs ?? 0);
  }

  reset(): void {
    this.#tries = 0;
  }
}
