import fs from 'node:fs';
import { performance } from 'node:perf_hooks';
import { percentile } from '../measure/statistics.ts';

const TICK_MS = 1;
const NS_PER_MS = 1e6;

/** How long the thread it runs in was kept from its event loop. */
export interface Blocks {
  /** The longest time by which a timer was late, in milliseconds. */
  readonly longestMs: number;
  /**
   * The same without the time in which the thread was ready to run and other threads had the processors: what its own
   * work, and its synchronous calls, took.
   */
  readonly longestOwnMs: number;
  readonly p99Ms: number;
  /** How often its own work took more than 16 ms. */
  readonly ownOver16: number;
  readonly ticks: number;
}

/** Looks at the clock every millisecond, in the thread whose loop is asked about; the process's main one. */
export class MainThreadWatch {
  readonly #late: number[] = [];
  readonly #own: number[] = [];
  readonly #schedule = fs.openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  readonly #buffer = Buffer.alloc(128);
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    let lastMs = performance.now();
    let lastWaitMs = this.#waitMs();
    const tick = () => {
      const nowMs = performance.now();
      const waitMs = this.#waitMs();
      const lateMs = Math.max(0, nowMs - lastMs - TICK_MS);
      this.#late.push(lateMs);
      this.#own.push(Math.max(0, lateMs - (waitMs - lastWaitMs)));
      lastMs = nowMs;
      lastWaitMs = waitMs;
      this.#timer = setTimeout(tick, TICK_MS);
    };
    tick();
  }

  stop(): Blocks {
    clearTimeout(this.#timer);
    fs.closeSync(this.#schedule);
    const late = this.#late.sort((a, b) => a - b);
    return {
      longestMs: late.at(-1) ?? NaN,
      longestOwnMs: Math.max(...this.#own),
      p99Ms: percentile(late, 0.99),
      ownOver16: this.#own.filter((ms) => ms > 16).length,
      ticks: late.length,
    };
  }

  /** How long the main thread has been ready to run and not running, since it began. See proc(5). */
  #waitMs(): number {
    const length = fs.readSync(this.#schedule, this.#buffer, 0, this.#buffer.length, 0);
    return Number(this.#buffer.toString('latin1', 0, length).split(' ')[1]) / NS_PER_MS;
  }
}
