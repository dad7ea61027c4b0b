import { Worker, type Transferable } from 'node:worker_threads';
import { err, type Err, type Result } from '../../shared/result.ts';
import type { Answer, Argument, Calls, FromThread, ToThread } from './calls.ts';

export interface ThreadOptions<Event> {
  /** A built program that calls `answerCalls`: see `workerScript`. */
  readonly script: URL | string;
  /** What failures call it: 'The thread of the disk'. */
  readonly what: string;
  readonly workerData?: unknown;
  /** `while-asked`: the thread keeps the process alive only while there is a call that it has not answered. */
  readonly keepsProcess?: 'always' | 'while-asked';
  /** Hears what the thread tells by itself. */
  readonly listen?: (event: Event) => void;
  /** Told when the thread has ended, however that came, before any call is answered for it. */
  readonly ended?: () => void;
}

export interface CallOptions {
  /** What in the argument is handed over, not copied. */
  readonly transfer?: readonly Transferable[];
  /** Aborted when the answer is not needed any more; the call is answered nevertheless. */
  readonly signal?: AbortSignal | undefined;
  /** Told how far a long call is, from 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

interface Waiting {
  readonly settle: (result: Result<never>) => void;
  readonly onProgress: CallOptions['onProgress'];
}

/**
 * A worker thread that answers calls, as whoever started it sees it. Every call is answered: by the thread, or with
 * `closed` when the thread has ended, in whatever way.
 */
export class CallingThread<Table extends Calls<Table>, Event = never> {
  /** As the thread itself knows it (`threadId`). */
  readonly id: number;
  readonly #options: ThreadOptions<Event>;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #whenIdle: (() => void)[] = [];
  #nextId = 0;
  #lost: Err | null = null;

  constructor(options: ThreadOptions<Event>) {
    this.#options = options;
    this.#worker = new Worker(options.script, { workerData: options.workerData });
    this.#worker.on('message', (message: FromThread) => this.#receive(message));
    this.id = this.#worker.threadId;
    // The end follows, and until then the thread may still be at work.
    let why = 'has ended';
    this.#worker.on('error', (error) => (why = `failed: ${error.message}`));
    this.#worker.on('exit', () => this.#lose(why));
    this.#hold();
  }

  /** True once the thread has ended: it answers nothing any more. */
  get ended(): boolean {
    return this.#lost !== null;
  }

  call<Name extends keyof Table & string>(
    name: Name,
    argument: Argument<Table, Name>,
    { transfer = [], signal, onProgress }: CallOptions = {},
  ): Promise<Result<Answer<Table, Name>>> {
    if (this.#lost !== null) return Promise.resolve(this.#lost);
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const cancel = () => this.#send({ kind: 'cancel', id });
      const settle = (result: Result<never>) => {
        signal?.removeEventListener('abort', cancel);
        resolve(result);
      };
      this.#waiting.set(id, { settle, onProgress });
      this.#hold();
      this.#send({ kind: 'call', id, name, argument }, transfer);
      if (signal?.aborted === true) cancel();
      else signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  /** Cancels every call, and resolves when they are answered. */
  async cancelAll(): Promise<void> {
    for (const id of this.#waiting.keys()) this.#send({ kind: 'cancel', id });
    if (this.#waiting.size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  /** Ends the thread at once. What it has not answered fails with `closed`. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #send(message: ToThread, transfer: readonly Transferable[] = []): void {
    this.#worker.postMessage(message, [...transfer]);
  }

  #receive(message: FromThread): void {
    if (message.kind === 'event') {
      this.#options.listen?.(message.event as Event);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    if (message.kind === 'progress') {
      waiting?.onProgress?.(message.fraction);
      return;
    }
    this.#waiting.delete(message.id);
    // The other half of this program answers what the table says.
    waiting?.settle(message.result as Result<never>);
    this.#hold();
  }

  #lose(how: string): void {
    this.#options.ended?.();
    this.#lost = err('closed', `${this.#options.what} ${how}`);
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { settle } of waiting) settle(this.#lost);
    this.#hold();
  }

  /** Keeps the process alive, or lets go of it, as the options say. */
  #hold(): void {
    const busy = this.#waiting.size > 0;
    if (!busy) for (const resolve of this.#whenIdle.splice(0)) resolve();
    if (this.#lost !== null || this.#options.keepsProcess !== 'while-asked') return;
    if (busy) this.#worker.ref();
    else this.#worker.unref();
  }
}
