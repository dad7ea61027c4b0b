import type { ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { workerScript } from '../../../main/threads/worker-script.ts';
import { unwrap, type Result } from '../../../shared/result.ts';
import type { Children } from '../workshop/children.ts';
import { memoryOf, processesUnder } from '../workshop/process-figures.ts';
import { fromAppSchema, type FromApp, type Order } from './messages.ts';

/** An order as it is given; its number is the messenger's. */
type Wish<Any = Order> = Any extends Order ? Omit<Any, 'id'> : never;

const START_MS = 60_000;
const PAGE_MS = 30_000;

/** Which Electron, and what it must be told; set by `scripts/bench.mjs`. */
export const electronProgram = () => process.env['HEADWATER_BENCH_ELECTRON'] ?? '';
const electronSwitches = () => (process.env['HEADWATER_BENCH_SWITCHES'] ?? '').split(' ').filter(Boolean);

/**
 * The app of the bench, driven from outside. Nothing is attached to it that a user would not have, neither a debugger
 * nor a driver of browsers: those take time in the very thread that is measured.
 */
export class RunningApp {
  /** When its process was started, in milliseconds since 1970. */
  readonly startedMs = Date.now();
  readonly #children: Children;
  readonly #child: ChildProcess;
  readonly #moments = new Map<string, number>();
  readonly #waiting = new Map<number, (answer: FromApp) => void>();
  #orders = 0;

  /** Answers when something can be clicked. */
  static async launch(children: Children, environment: Record<string, string>): Promise<RunningApp> {
    const app = new RunningApp(children, environment);
    try {
      await app.moment('usable', START_MS);
      return app;
    } catch (error) {
      await app.close();
      throw error;
    }
  }

  private constructor(children: Children, environment: Record<string, string>) {
    this.#children = children;
    const args = [...electronSwitches(), '--disable-gpu', '--lang=en', workerScript('test/bench/app/entry')];
    this.#child = children.converse(electronProgram(), args, environment, (message) =>
      this.#heard(fromAppSchema.parse(message)),
    );
    this.#child.once('exit', () => {
      for (const [answers, tell] of this.#waiting) tell({ answers, failed: 'it has ended' });
    });
  }

  /** Runs a script in the page of the main window. @returns its value */
  page(script: string): Promise<unknown> {
    return this.order({ order: 'page', script });
  }

  /** Asks as the window does. @returns what was answered */
  async request(name: string, input: unknown): Promise<unknown> {
    const script = `window.headwater.request(${JSON.stringify(name)}, ${JSON.stringify(input)})`;
    const result = (await this.page(script)) as Result<unknown>;
    return unwrap(result);
  }

  /** Clicks on a button of the main window. @returns when, in milliseconds since 1970 */
  async click(label: string): Promise<number> {
    return Number(await this.page(`(${buttonCalled(label)}.click(), Date.now())`));
  }

  /** Waits until there is such a button, and it can be clicked. */
  seen(label: string): Promise<void> {
    return this.until(`${buttonCalled(label)}?.disabled === false`);
  }

  /** Waits until a condition holds in the page of the main window. */
  async until(condition: string): Promise<void> {
    const untilMs = Date.now() + PAGE_MS;
    for (;;) {
      if ((await this.page(condition)) === true) return;
      if (Date.now() > untilMs) throw new Error(`not within ${PAGE_MS / 1000} s: ${condition}`);
      await pause(100);
    }
  }

  async order(wish: Wish): Promise<unknown> {
    const id = this.#orders++;
    const answered = new Promise<FromApp>((resolve) => {
      this.#waiting.set(id, resolve);
    });
    this.#child.send({ ...wish, id });
    const answer = await answered;
    if ('failed' in answer) throw new Error(`the app could not do '${wish.order}': ${answer.failed}`);
    return 'value' in answer ? answer.value : undefined;
  }

  /** Waits for what the app tells of. @returns when it was */
  async moment(name: string, timeoutMs: number): Promise<number> {
    const untilMs = Date.now() + timeoutMs;
    for (;;) {
      const moment = this.#moments.get(name);
      if (moment !== undefined) return moment;
      if (this.#child.exitCode !== null) throw new Error(`the app ended before '${name}'`);
      if (Date.now() > untilMs) throw new Error(`'${name}' did not come within ${timeoutMs / 1000} s`);
      await pause(20);
    }
  }

  /** Of all its processes, shared pages divided among those who share them. */
  memoryMiB(): number {
    const [own = NaN, ...others] = processesUnder(this.#child.pid).map(
      (pid) => memoryOf(pid).proportionalMiB,
    );
    // Nothing is known of those that ended while they were looked at: they take no memory.
    return others.filter((mib) => !Number.isNaN(mib)).reduce((sum, mib) => sum + mib, own);
  }

  close(): Promise<void> {
    return this.#children.kill(this.#child);
  }

  #heard(message: FromApp): void {
    if ('moment' in message) {
      this.#moments.set(message.moment, message.atMs);
    } else {
      this.#waiting.get(message.answers)?.(message);
      this.#waiting.delete(message.answers);
    }
  }
}

/** The button's element, in a script. */
const buttonCalled = (label: string) =>
  `document.querySelector(${JSON.stringify(`button[aria-label="${label}"]`)})`;
