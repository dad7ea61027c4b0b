import { rangeEnd, type Range } from '../block/range.ts';

/** Consecutive clusters of the image file that were handed out. */
export interface FileRun {
  /** File offset of the first, in bytes. */
  readonly fileOffset: number;
  readonly clusters: number;
  /** They may hold old bytes: the caller writes the whole of them. Otherwise the file reads as zeroes there, or ends before. */
  readonly used: boolean;
}

/**
 * Hands out clusters of the image file: those that were returned, then new ones at the end. The pointer to the end lives
 * in shared memory, so that a copier in another thread can take space once it knows how much of its data is not zero,
 * without a round trip.
 */
export class Allocator {
  /** One signed 64-bit number: the file offset where the next cluster goes. What a copier's allocator is made from. */
  readonly shared: SharedArrayBuffer;
  readonly #next: BigInt64Array;
  readonly #clusterBytes: number;
  /** What was taken but never referenced: ascending, apart from each other. */
  #returned: Range[] = [];

  /**
   * @param start the file offset of the first free cluster, or the pointer of another thread's allocator for the file
   */
  constructor(clusterBytes: number, start: number | SharedArrayBuffer) {
    this.#clusterBytes = clusterBytes;
    this.shared = typeof start === 'number' ? new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT) : start;
    this.#next = new BigInt64Array(this.shared);
    if (typeof start === 'number') this.#next[0] = BigInt(start);
  }

  /** End of everything handed out so far: a file offset, cluster-aligned. */
  get end(): number {
    return Number(Atomics.load(this.#next, 0));
  }

  /** Takes `clusters` consecutive ones. */
  take(clusters: number): FileRun {
    const index = this.#returned.findIndex((run) => run.length >= clusters * this.#clusterBytes);
    return index < 0 ? this.#takeNew(clusters) : this.#takeReturned(index, clusters);
  }

  /** Takes `clusters` consecutive ones, or fewer, but at least one: so that what was returned is used up first. */
  takeSome(clusters: number): FileRun {
    return this.#returned.length === 0 ? this.#takeNew(clusters) : this.#takeReturned(0, clusters);
  }

  /** Takes back clusters that nothing refers to: their data could not be stored. */
  giveBack({ fileOffset, clusters }: Pick<FileRun, 'fileOffset' | 'clusters'>): void {
    this.takeOver([{ offset: fileOffset, length: clusters * this.#clusterBytes }]);
  }

  /** What was returned, to be used by another thread's allocator from now on. */
  handOver(): readonly Range[] {
    const returned = this.#returned;
    this.#returned = [];
    return returned;
  }

  /** Uses what another thread's allocator has handed over. */
  takeOver(runs: readonly Range[]): void {
    if (runs.length === 0) return;
    const merged: Range[] = [];
    for (const run of [...this.#returned, ...runs].sort((a, b) => a.offset - b.offset)) {
      const last = merged.at(-1);
      if (last === undefined || rangeEnd(last) < run.offset) merged.push(run);
      else merged.splice(-1, 1, { offset: last.offset, length: last.length + run.length });
    }
    this.#returned = merged;
  }

  /**
   * Lowers the end past returned clusters that lie there. Only when nobody else is allocating.
   * @returns the file length that is needed now
   */
  trim(): number {
    const last = this.#returned.at(-1);
    if (last !== undefined && rangeEnd(last) === this.end) {
      this.#returned.pop();
      Atomics.store(this.#next, 0, BigInt(last.offset));
    }
    return this.end;
  }

  #takeNew(clusters: number): FileRun {
    const fileOffset = Number(Atomics.add(this.#next, 0, BigInt(clusters * this.#clusterBytes)));
    return { fileOffset, clusters, used: false };
  }

  #takeReturned(index: number, clusters: number): FileRun {
    const { offset, length } = this.#returned[index] ?? { offset: 0, length: 0 };
    const taken = Math.min(length, clusters * this.#clusterBytes);
    const rest = { offset: offset + taken, length: length - taken };
    this.#returned.splice(index, 1, ...(rest.length > 0 ? [rest] : []));
    return { fileOffset: offset, clusters: taken / this.#clusterBytes, used: true };
  }
}
