import type { Clock } from '../../shared/clock.ts';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  callback: (() => void) | null;
}

/** Timers a run may fire before it counts as going in circles. */
const MOST_TIMERS = 2_000_000;

/** Time that passes only when everything waits: hours of streaming in milliseconds, the same way every time. */
export class SimulatedClock implements Clock {
  #nowMs: number;
  #made = 0;
  readonly #heap: Timer[] = [];

  constructor(startMs = 1000) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer: Timer = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#made++, callback };
    this.#push(timer);
    return () => {
      timer.callback = null;
    };
  }

  /** When the next timer is due; undefined when there is none. */
  get nextDueMs(): number | undefined {
    while (this.#heap[0]?.callback === null) this.#pop();
    return this.#heap[0]?.atMs;
  }

  /** As {@link run}, for work that waits for real sockets as well: time passes whenever nothing happens at once. */
  async drive<T>(work: Promise<T>): Promise<T> {
    const state = { settled: false };
    const mark = () => {
      state.settled = true;
    };
    work.then(mark, mark);
    while (!state.settled) {
      await turn();
      const timer = this.#pop();
      if (timer !== undefined) this.#fire(timer);
    }
    return work;
  }

  /** Lets time pass until `work` has settled. Throws when nothing could ever settle it. */
  async run<T>(work: Promise<T>): Promise<T> {
    const state = { settled: false };
    const mark = () => {
      state.settled = true;
    };
    work.then(mark, mark);
    for (let fired = 0; ; fired++) {
      await turn();
      if (state.settled) return work;
      if (fired > MOST_TIMERS) throw new Error('simulation goes in circles');
      const timer = this.#pop();
      if (timer === undefined) throw new Error(`simulation stands still at ${this.#nowMs} ms`);
      this.#fire(timer);
    }
  }

  /** Lets `durationMs` pass. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#nowMs + durationMs;
    for (;;) {
      await turn();
      const next = this.#heap[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#fire(this.#pop() ?? next);
    }
    this.#nowMs = untilMs;
  }

  /** A promise that resolves after `delayMs` of simulated time. */
  delay(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, resolve);
    });
  }

  #fire(timer: Timer): void {
    if (timer.callback === null) return;
    this.#nowMs = Math.max(this.#nowMs, timer.atMs);
    timer.callback();
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (before(heap[parent] ?? timer, timer)) break;
      heap[at] = heap[parent] ?? timer;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): Timer | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const left = heap[child];
      if (left === undefined) break;
      const right = heap[child + 1];
      if (right !== undefined && before(right, left)) child += 1;
      const least = heap[child] ?? left;
      if (before(last, least)) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/** Waits, by giving way to sockets, until `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

/** One turn of the real event loop: every promise that can settle has settled afterwards. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
