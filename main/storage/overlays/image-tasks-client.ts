import { err, type Result } from '../../../shared/result.ts';
import { CallingThread, type CallOptions } from '../../threads/calling-thread.ts';
import { workerScript } from '../../threads/worker-script.ts';
import type { ImageTask, ImageTaskTypes } from './image-tasks.ts';

/** Progress is told a few times a second. */
export type TaskOptions = Pick<CallOptions, 'onProgress' | 'signal'>;

type ImageThread = CallingThread<ImageTaskTypes>;

/** Work that may take minutes gets a thread of its own, so that short work never waits for it. */
const LONG: readonly ImageTask[] = ['check', 'export', 'fetchState', 'fetchImage'];

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
      if (this.#shared?.ended !== false) this.#shared = newThread();
      return this.#shared.call(task, argument, options);
    }
    const thread = newThread();
    this.#own.add(thread);
    const result = await thread.call(task, argument, options);
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

function newThread(): ImageThread {
  return new CallingThread({
    script: workerScript('main/storage/overlays/image-worker'),
    what: 'The thread that works on images',
    keepsProcess: 'while-asked',
  });
}

const CLOSED = err('closed', 'Headwater is closing', { words: ['closing'] });
