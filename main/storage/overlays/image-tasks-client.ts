import { Worker } from 'node:worker_threads';
import { err, type Result } from '../../../shared/result.ts';
import { workerScript } from '../worker-script.ts';
import type { ImageMessage, ImageRequest, ImageTask, ImageTaskTypes } from './image-tasks.ts';

export interface TaskOptions {
  /** From 0 to 1, a few times a second. */
  readonly onProgress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}

interface Waiting {
  readonly settle: (result: Result<never>) => void;
  readonly onProgress: ((fraction: number) => void) | undefined;
}

/** Work that may take minutes gets a thread of its own, so that short work never waits for it. */
const LONG: readonly ImageTask[] = ['check', 'export'];

/** Has threads look at images, check and copy them. */
export class ImageTasks {
  readonly #own = new Set<ImageThread>();
  #shared: ImageThread | null = null;
  #closed = false;

  async run<Name extends ImageTask>(
    task: Name,
    argument: ImageTaskTypes[Name]['argument'],
    options: TaskOptions = {},
  ): Promise<Result<ImageTaskTypes[Name]['answer']>> {
    if (this.#closed) return CLOSED;
    if (!LONG.includes(task)) {
      if (this.#shared?.ended !== false) this.#shared = new ImageThread();
      return this.#shared.run(task, argument, options);
    }
    const thread = new ImageThread();
    this.#own.add(thread);
    const result = await thread.run(task, argument, options);
    this.#own.delete(thread);
    await thread.end();
    return result;
  }

  /** Cancels what is under way, waits for it, and ends the threads. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#own].map((thread) => thread.cancelAll()));
    await this.#shared?.end();
    this.#shared = null;
  }
}

class ImageThread {
  readonly #worker = new Worker(workerScript('main/storage/overlays/image-worker'));
  readonly #waiting = new Map<number, Waiting>();
  #idle: (() => void)[] = [];
  #nextId = 0;
  ended = false;

  constructor() {
    // An idle thread must not keep the process alive.
    this.#worker.unref();
    this.#worker.on('message', (message: ImageMessage) => this.#receive(message));
    this.#worker.on('error', (error) => this.#fail(`failed: ${error.message}`));
    this.#worker.on('exit', () => this.#fail('has ended'));
  }

  run<Name extends ImageTask>(
    task: Name,
    argument: ImageTaskTypes[Name]['argument'],
    { onProgress, signal }: TaskOptions,
  ): Promise<Result<ImageTaskTypes[Name]['answer']>> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const cancel = () => this.#send({ kind: 'cancel', id });
      const settle = (result: Result<never>) => {
        signal?.removeEventListener('abort', cancel);
        resolve(result);
      };
      this.#waiting.set(id, { settle, onProgress });
      this.#worker.ref();
      this.#send({ kind: 'task', id, task, argument } as ImageRequest);
      if (signal?.aborted) cancel();
      else signal?.addEventListener('abort', cancel, { once: true });
    });
  }

  async cancelAll(): Promise<void> {
    for (const id of this.#waiting.keys()) this.#send({ kind: 'cancel', id });
    if (this.#waiting.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #send(request: ImageRequest): void {
    this.#worker.postMessage(request);
  }

  #receive(message: ImageMessage): void {
    const waiting = this.#waiting.get(message.id);
    if (message.kind === 'progress') return waiting?.onProgress?.(message.fraction);
    this.#waiting.delete(message.id);
    waiting?.settle(message.result as Result<never>);
    this.#settleIdle();
  }

  #fail(how: string): void {
    this.ended = true;
    for (const { settle } of this.#waiting.values()) {
      settle(err('closed', `The thread that works on images ${how}`));
    }
    this.#waiting.clear();
    this.#settleIdle();
  }

  #settleIdle(): void {
    if (this.#waiting.size > 0) return;
    if (!this.ended) this.#worker.unref();
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

const CLOSED = err('closed', 'Headwater is closing');
