import { Worker } from 'node:worker_threads';
import { err } from '../../shared/result.ts';
import type { Range } from '../block/range.ts';
import type { StoreOutcome } from '../qed/cluster-store.ts';
import type { ClusterCopier } from '../qed/copier.ts';
import type { CopyMessage, CopyReply, CopyRequest, CopyWorkerData } from './copy-protocol.ts';
import { workerScript } from './worker-script.ts';

/** Has another thread copy. The thread starts with the first request and ends with {@link close}. */
export class WorkerCopier implements ClusterCopier {
  readonly #data: Omit<CopyWorkerData, 'standBack'>;
  readonly #waiting = new Map<number, (outcome: StoreOutcome) => void>();
  #worker: Worker | null = null;
  #nextId = 0;
  #closed = false;
  #standsBack = false;

  constructor(data: Omit<CopyWorkerData, 'standBack'>) {
    this.#data = data;
  }

  copy(ranges: readonly Range[]): Promise<StoreOutcome> {
    if (this.#closed) return Promise.resolve(this.#stopped('was closed'));
    const worker = (this.#worker ??= this.#start());
    const request: CopyRequest = {
      id: this.#nextId++,
      ranges: ranges.map(({ offset, length }) => ({ offset, length })),
    };
    return new Promise((resolve) => {
      this.#waiting.set(request.id, resolve);
      worker.ref();
      worker.postMessage(request);
    });
  }

  /**
   * Has the thread run behind others from now on, so that its time slices do not hold up a guest's thread. Costs rate
   * where processors are short; docs/performance.md has what was measured.
   */
  standBack(): void {
    if (this.#standsBack) return;
    this.#standsBack = true;
    this.#worker?.postMessage('stand-back' satisfies CopyMessage);
  }

  /** Ends the thread. Only once nothing is being copied: what it took from the image's free space would be lost. */
  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
    this.#failAll('was closed');
  }

  #start(): Worker {
    const worker = new Worker(workerScript('main/storage/copy-worker'), {
      workerData: { ...this.#data, standBack: this.#standsBack } satisfies CopyWorkerData,
    });
    worker.on('message', ({ id, outcome }: CopyReply) => {
      this.#waiting.get(id)?.(outcome);
      this.#waiting.delete(id);
      // An idle copier must not keep the process alive; a busy one must.
      if (this.#waiting.size === 0) worker.unref();
    });
    worker.on('error', (error) => {
      this.#worker = null;
      this.#failAll(`stopped: ${error.message}`);
    });
    return worker;
  }

  #failAll(reason: string): void {
    for (const resolve of this.#waiting.values()) resolve(this.#stopped(reason));
    this.#waiting.clear();
  }

  #stopped(reason: string): StoreOutcome {
    return {
      placements: [],
      failure: err('closed', `The thread that fills '${this.#data.imagePath}' ${reason}`),
    };
  }
}
