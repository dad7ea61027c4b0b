import type { Clock } from '../../../shared/clock.ts';
import type { Failure } from '../../../shared/result.ts';
import type { DiskWait } from '../machine.ts';

/** When a slow disk request is noticed, in milliseconds since it was made. */
export interface StallLimits {
  /** After this long the user is told. */
  readonly noticeMs: number;
  /**
   * After this long the emulator is paused. Linux resets a disk that has not answered for 30 s of its own time, and
   * loses the request at the second reset: the pause must come well before, and after it the guest notices nothing.
   */
  readonly pauseMs: number;
}

export const DEFAULT_STALL_LIMITS: StallLimits = { noticeMs: 1000, pauseMs: 3000 };

export type WatchedRequest = Pick<DiskWait, 'operation' | 'offset' | 'length' | 'retries'>;

interface Entry {
  readonly request: WatchedRequest;
  readonly since: number;
  failure: Failure | undefined;
}

/** Handle of a request being watched. */
export interface Watch {
  /** A try failed: the guest is paused at once, and stays so until {@link end}. */
  failed(failure: Failure): void;
  /** It was answered or given up. Call it after the guest has its data: the guest goes on from here. */
  end(): void;
}

export interface StallEvents {
  /** The request that matters most among those that wait too long; null when there is none any more. */
  onWait(wait: DiskWait | null): void;
  onPause(): void;
  onResume(): void;
}

/** Keeps the guest from noticing that its disk is slow or failing: its time stands still meanwhile. */
export class StallWatch {
  readonly #clock: Clock;
  readonly #limits: StallLimits;
  readonly #events: StallEvents;
  readonly #entries = new Set<Entry>();
  #reported: { entry: Entry; failure: Failure | undefined } | null = null;
  #paused = false;
  #cancelTimer: (() => void) | null = null;

  constructor(clock: Clock, limits: StallLimits, events: StallEvents) {
    this.#clock = clock;
    this.#limits = limits;
    this.#events = events;
  }

  begin(request: WatchedRequest): Watch {
    const entry: Entry = { request, since: this.#clock.now(), failure: undefined };
    this.#entries.add(entry);
    this.#arm();
    return {
      failed: (failure) => {
        entry.failure = failure;
        this.#evaluate();
      },
      end: () => {
        this.#entries.delete(entry);
        // The timer of a request that was answered in time is left to run out: cheaper than one timer per request.
        if (this.#reported !== null || this.#paused) this.#evaluate();
      },
    };
  }

  #evaluate(): void {
    const worst = this.#worst();
    const age = worst ? this.#clock.now() - worst.since : 0;
    const failing = worst?.failure !== undefined;
    this.#report(worst && (failing || age >= this.#limits.noticeMs) ? worst : null);
    this.#pause(worst !== null && (failing || age >= this.#limits.pauseMs));
    this.#arm();
  }

  /** A failed request that needs the user, else any failed one, else the oldest. */
  #worst(): Entry | null {
    let worst: Entry | null = null;
    for (const entry of this.#entries) {
      if (worst === null || urgency(entry) > urgency(worst)) worst = entry;
    }
    return worst;
  }

  #report(entry: Entry | null): void {
    const same = entry === (this.#reported?.entry ?? null);
    if (same && entry?.failure?.message === this.#reported?.failure?.message) return;
    this.#reported = entry && { entry, failure: entry.failure };
    this.#events.onWait(
      entry && { ...entry.request, waitedMs: this.#clock.now() - entry.since, failure: entry.failure },
    );
  }

  #pause(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    if (paused) this.#events.onPause();
    else this.#events.onResume();
  }

  #arm(): void {
    if (this.#cancelTimer !== null) return;
    const [oldest] = this.#entries;
    if (!oldest || this.#paused) return;
    const limit = this.#reported === null ? this.#limits.noticeMs : this.#limits.pauseMs;
    const delayMs = Math.max(1, oldest.since + limit - this.#clock.now());
    this.#cancelTimer = this.#clock.after(delayMs, () => {
      this.#cancelTimer = null;
      this.#evaluate();
    });
  }

  /** Lets go of the timer, for the end of the machine. */
  dispose(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#entries.clear();
  }
}

function urgency(entry: Entry): number {
  if (entry.failure === undefined) return 0;
  return entry.request.retries === 'on-resume' ? 2 : 1;
}
