import { err, type Err } from '../../../shared/result.ts';
import type { Range } from '../../block/range.ts';
import type { MirrorReport } from '../../block/verified/mirror-record.ts';
import type { WrongBytes } from '../../block/verified/mirror-set.ts';
import type { Allocator } from '../../qed/allocator.ts';
import type { StoreOutcome } from '../../qed/cluster-store.ts';
import type { ClusterCopier } from '../../qed/copier.ts';
import { CallingThread } from '../../threads/calling-thread.ts';
import { workerScript } from '../../threads/worker-script.ts';
import type { CopyCalls, CopyWorkerData } from './copy-protocol.ts';

/** Has another thread copy. The thread starts with the first request and ends with {@link close}. */
export class WorkerCopier implements ClusterCopier {
  readonly #data: CopyWorkerData;
  readonly #allocator: Allocator;
  readonly #onWrongBytes: (wrong: WrongBytes) => void;
  #thread: CallingThread<CopyCalls, WrongBytes> | null = null;
  #closed = false;
  #standsBack = false;
  #mirrors: readonly MirrorReport[] = [];
  #asksMirrors = false;

  /**
   * @param allocator that of the image: what was returned to it is used first
   * @param onWrongBytes told of bytes a source sent that are not the master's, and that were not taken
   */
  constructor(
    data: Omit<CopyWorkerData, 'allocator'>,
    allocator: Allocator,
    onWrongBytes: (wrong: WrongBytes) => void = () => {},
  ) {
    this.#data = { ...data, allocator: allocator.shared };
    this.#allocator = allocator;
    this.#onWrongBytes = onWrongBytes;
  }

  async copy(ranges: readonly Range[]): Promise<StoreOutcome> {
    if (this.#closed) return nothing(err('closed', `${this.#what} was closed`));
    if (this.#thread?.ended !== false) this.#thread = this.#start();
    const plain = ranges.map(({ offset, length }) => ({ offset, length }));
    const copied = await this.#thread.call('copy', { ranges: plain, spare: this.#allocator.handOver() });
    if (!copied.ok) return nothing(copied);
    this.#allocator.takeOver(copied.value.spare);
    return copied.value.outcome;
  }

  /**
   * Has the thread run behind others from now on, so that its time slices do not hold up a guest's thread. Costs rate
   * where processors are short; docs/performance.md has what was measured.
   */
  standBack(): void {
    if (this.#standsBack) return;
    this.#standsBack = true;
    void this.#thread?.call('standBack', null); // one that has ended needs to stand back no more
  }

  /** What it knew of the sources of a published master when this was asked before: nobody waits for a thread that copies. */
  mirrors(): readonly MirrorReport[] {
    void this.#askMirrors();
    return this.#mirrors;
  }

  /** Ends the thread. Only once nothing is being copied: what it took from the image's free space would be lost. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#thread?.end();
  }

  async #askMirrors(): Promise<void> {
    if (this.#thread?.ended !== false || this.#asksMirrors) return;
    this.#asksMirrors = true;
    const known = await this.#thread.call('mirrors', null);
    this.#asksMirrors = false;
    if (known.ok) this.#mirrors = known.value;
  }

  get #what(): string {
    return `The thread that fills '${this.#data.imagePath}'`;
  }

  #start(): CallingThread<CopyCalls, WrongBytes> {
    const thread = new CallingThread<CopyCalls, WrongBytes>({
      script: workerScript('main/storage/copy-worker/copy-worker'),
      what: this.#what,
      workerData: this.#data,
      listen: this.#onWrongBytes,
      // An idle copier must not keep the process alive; a busy one must.
      keepsProcess: 'while-asked',
    });
    if (this.#standsBack) void thread.call('standBack', null);
    return thread;
  }
}

function nothing(failure: Err): StoreOutcome {
  return { placements: [], failure };
}
