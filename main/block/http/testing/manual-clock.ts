import type { Clock } from '../../../../shared/clock.ts';

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** A clock that stands still until it is told to advance, so that time-outs of seconds cost a test nothing. */
export class ManualClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** When the next timer is due; undefined when there is none. */
  get nextDueMs(): number | undefined {
    return this.#next()?.dueMs;
  }

  /** Lets `ms` milliseconds pass, running the timers that become due, in order. */
  advance(ms: number): void {
    const end = this.#nowMs + ms;
    for (let timer = this.#next(); timer !== undefined && timer.dueMs <= end; timer = this.#next()) {
      this.#nowMs = timer.dueMs;
      this.#timers.delete(timer);
      timer.callback();
    }
    this.#nowMs = end;
  }

  /** Lets time jump from timer to timer, giving way to sockets in between, until `work` is done. */
  async drive<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const end = () => (done = true);
    work.then(end, end);
    while (!done) {
      await new Promise((resolve) => setImmediate(resolve));
      const dueMs = this.nextDueMs;
      if (dueMs !== undefined) this.advance(dueMs - this.#nowMs);
    }
    return work;
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.dueMs < next.dueMs) next = timer;
    return next;
  }
}

/** Waits, by giving way to sockets, until `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
