import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { percentile } from '../measure/statistics.ts';
import { ThreadProfile, type Doing } from './thread-profile.ts';

const TICK_MS = 1;
const NS_PER_MS = 1e6;
/** Shorter ones are no blocks. */
const LATE_MS = 4;

/** How long the thread it runs in was kept from its event loop, in milliseconds. */
export const blocksSchema = z.object({
  /** The longest time by which a timer was late, whatever kept it. */
  lateMs: z.number(),
  /** The most time on a processor without a turn of the loop, but for opening windows. */
  workMs: z.number(),
  workP99Ms: z.number(),
  /** The same while a window was opened, which is Electron's own work. */
  windowMs: z.number(),
  /** The longest time asleep in the midst of work: in calls that wait for a disk, or for memory. */
  asleepMs: z.number(),
});

export type Blocks = z.infer<typeof blocksSchema>;

/** Of a tick that came late: by how much, and what the thread did instead. */
interface Late {
  readonly atMs: number;
  readonly lateMs: number;
  /** On a processor. */
  readonly ranMs: number;
  /** Ready to run, while other threads had the processors. */
  readonly waitedMs: number;
}

/**
 * Looks at the clock every millisecond, in the thread whose loop is asked about; the process's main one.
 *
 * A late timer does not mean a blocked thread: in Electron another thread waits for the loop's timers, and where there
 * are more busy threads than processors both have to wait for theirs. So what counts as work is the time the thread ran
 * meanwhile, and what it slept inside a function is told apart.
 */
export class MainThreadWatch {
  readonly #late: Late[] = [];
  readonly #profile = new ThreadProfile();
  readonly #file = fs.openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  readonly #buffer = Buffer.alloc(128);
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    this.#profile.start();
    let last = this.#look();
    const tick = () => {
      const now = this.#look();
      this.#late.push({
        atMs: now.atMs,
        lateMs: Math.max(0, now.atMs - last.atMs - TICK_MS),
        ranMs: now.ranMs - last.ranMs,
        waitedMs: now.waitedMs - last.waitedMs,
      });
      last = now;
      this.#timer = setTimeout(tick, TICK_MS);
    };
    tick();
  }

  async stop(): Promise<Blocks> {
    clearTimeout(this.#timer);
    fs.closeSync(this.#file);
    const { samples, profile, offsetMs } = await this.#profile.stop();
    const blocks = this.#late.map((late) => {
      const share = { idle: 0, 'opening a window': 0, 'other work': 0 } satisfies Record<Doing, number>;
      if (late.lateMs >= LATE_MS) {
        const fromMs = late.atMs - late.lateMs - TICK_MS;
        for (const { lengthMs, doing } of between(samples, fromMs, late.atMs)) share[doing] += lengthMs;
      }
      const busyMs = Math.min(share['opening a window'] + share['other work'], late.lateMs);
      const asleepMs = Math.max(0, busyMs - late.ranMs - late.waitedMs);
      return { ...late, asleepMs, isWindow: share['opening a window'] > share['other work'] };
    });
    keepForLater({ profile, blocks, offsetMs });
    const sorted = (values: number[]) => values.sort((a, b) => a - b);
    const late = sorted(this.#late.map(({ lateMs }) => lateMs));
    const work = sorted(blocks.filter(({ isWindow }) => !isWindow).map(({ ranMs }) => ranMs));
    const windows = sorted(blocks.filter(({ isWindow }) => isWindow).map(({ ranMs }) => ranMs));
    const asleep = sorted(blocks.map(({ asleepMs }) => asleepMs));
    return {
      lateMs: late.at(-1) ?? 0,
      workMs: work.at(-1) ?? 0,
      workP99Ms: percentile(work, 0.99),
      windowMs: windows.at(-1) ?? 0,
      asleepMs: asleep.at(-1) ?? 0,
    };
  }

  /** How long the thread has run, and been ready to run without running, since it began. See proc(5). */
  #look(): { readonly atMs: number; readonly ranMs: number; readonly waitedMs: number } {
    const length = fs.readSync(this.#file, this.#buffer, 0, this.#buffer.length, 0);
    const [ranNs, waitedNs] = this.#buffer.toString('latin1', 0, length).split(' ').map(Number);
    return {
      atMs: performance.now(),
      ranMs: (ranNs ?? NaN) / NS_PER_MS,
      waitedMs: (waitedNs ?? NaN) / NS_PER_MS,
    };
  }
}

/** What ended in a stretch of time. */
function between<Timed extends { readonly atMs: number }>(
  all: readonly Timed[],
  fromMs: number,
  toMs: number,
): readonly Timed[] {
  return all.filter(({ atMs }) => atMs > fromMs && atMs <= toMs);
}

/** With `HEADWATER_BENCH_PROFILE=FOLDER` the profile and the blocks are written there, for who looks for causes. */
function keepForLater(found: object): void {
  const folder = process.env['HEADWATER_BENCH_PROFILE'];
  if (folder) fs.writeFileSync(path.join(folder, `main-thread-${Date.now()}.json`), JSON.stringify(found));
}
