import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { err, ok, type Result } from '../../../shared/result.ts';
import type { Children } from '../workshop/children.ts';
import { collect } from '../workshop/children.ts';

const COMMAND_TIMEOUT_MS = 20_000;
const QUIT_TIMEOUT_MS = 10_000;

const messageSchema = z.union([
  z.object({ QMP: z.unknown() }),
  z.object({ event: z.string(), data: z.record(z.string(), z.unknown()).default({}) }),
  z.object({ return: z.unknown() }),
  z.object({ error: z.object({ desc: z.string() }) }),
]);

export interface DaemonEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

type Answer = Result<unknown>;

/** A `qemu-storage-daemon`, spoken to by QMP over its standard input and output. */
export class StorageDaemon {
  readonly #children: Children;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #complaints: () => string;
  #answering: ((answer: Answer) => void) | null = null;
  #greeted: (() => void) | null = null;
  readonly #listeners = new Set<(event: DaemonEvent) => void>();
  #gone = false;
  readonly #whenGone: Promise<void>;

  /** @param args what it is to open and export; the monitor is added. */
  static async start(children: Children, args: readonly string[]): Promise<Result<StorageDaemon>> {
    const daemon = new StorageDaemon(children, args);
    const greeted = await daemon.#inTime(
      new Promise<Answer>((resolve) => {
        daemon.#greeted = () => resolve(ok(undefined));
      }),
      COMMAND_TIMEOUT_MS,
      'does not start',
    );
    const ready = greeted.ok ? await daemon.execute('qmp_capabilities') : greeted;
    if (ready.ok) return ok(daemon);
    await daemon.kill();
    return ready;
  }

  private constructor(children: Children, args: readonly string[]) {
    this.#children = children;
    this.#process = children.start('qemu-storage-daemon', [
      ...['--chardev', 'stdio,id=qmp', '--monitor', 'chardev=qmp,mode=control'],
      ...args,
    ]);
    this.#complaints = collect(this.#process.stderr);
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#receive(line));
    this.#whenGone = new Promise((resolve) => {
      this.#process.on('close', () => {
        this.#gone = true;
        this.#answer(err('closed', `qemu-storage-daemon ended: ${this.#complaints().trim()}`));
        resolve();
      });
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Runs one command; one at a time. */
  execute(command: string, args: object = {}): Promise<Answer> {
    if (this.#gone) return Promise.resolve(err('closed', `qemu-storage-daemon ended: ${this.#complaints()}`));
    const answered = new Promise<Answer>((resolve) => {
      this.#answering = resolve;
    });
    this.#process.stdin.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    return this.#inTime(answered, COMMAND_TIMEOUT_MS, `does not answer ${command}`);
  }

  /** The next event that `wanted` accepts; fails when it does not come in time, or the daemon ends. */
  async event(wanted: (event: DaemonEvent) => boolean, timeoutMs: number): Promise<Result<DaemonEvent>> {
    let listener: (event: DaemonEvent) => void = () => undefined;
    const heard = new Promise<Result<DaemonEvent>>((resolve) => {
      listener = (event) => {
        if (wanted(event)) resolve(ok(event));
      };
      this.#listeners.add(listener);
      void this.#whenGone.then(() =>
        resolve(err('closed', `qemu-storage-daemon ended: ${this.#complaints().trim()}`)),
      );
    });
    const result = await this.#inTime(heard, timeoutMs, `hangs (no end within ${timeoutMs / 1000} s)`);
    this.#listeners.delete(listener);
    return result;
  }

  /** Asks it to end, and sees to it. @returns milliseconds that took */
  async quit(): Promise<Result<number>> {
    const startedMs = performance.now();
    void this.execute('quit');
    const ended = await this.#inTime(
      this.#whenGone.then((): Answer => ok(undefined)),
      QUIT_TIMEOUT_MS,
      'does not quit',
    );
    await this.kill();
    return ended.ok ? ok(performance.now() - startedMs) : ended;
  }

  kill(): Promise<void> {
    return this.#children.kill(this.#process);
  }

  #receive(line: string): void {
    const message = messageSchema.parse(JSON.parse(line));
    if ('QMP' in message) this.#greeted?.();
    else if ('event' in message) for (const listener of this.#listeners) listener(message);
    else if ('error' in message)
      this.#answer(err('io', `qemu-storage-daemon refuses: ${message.error.desc}`));
    else this.#answer(ok(message.return));
  }

  #answer(answer: Answer): void {
    this.#answering?.(answer);
    this.#answering = null;
  }

  async #inTime<T>(what: Promise<Result<T>>, timeoutMs: number, trouble: string): Promise<Result<T>> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Result<T>>((resolve) => {
      timer = setTimeout(() => resolve(err('io', `qemu-storage-daemon ${trouble}`)), timeoutMs);
    });
    const result = await Promise.race([what, late]);
    clearTimeout(timer);
    return result;
  }
}
