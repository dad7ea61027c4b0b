import type { Range } from '../block/range.ts';

/**
 * Hands out clusters at the end of the image file. The pointer lives in shared memory, so that a copier in another
 * thread can take space once it knows how much of its data is not zero, without a round trip.
 */
export class Allocator {
  /** One signed 64-bit number: the file offset where the next cluster goes. What a copier's allocator is made from. */
  readonly shared: SharedArrayBuffer;
  readonly #next: BigInt64Array;
  readonly #clusterBytes: number;
  /** Runs that were taken but never referenced; they may hold old bytes. */
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

  /** Takes `count` consecutive clusters that were never used: the file reads as zeroes there, or ends before. */
  take(count: number): number {
    return Number(Atomics.add(this.#next, 0, BigInt(count * this.#clusterBytes)));
  }

  /** Takes `count` consecutive clusters, returned ones if there are any: the caller writes the whole of them. */
  takeUsed(count: number): number {
    const wanted = count * this.#clusterBytes;
    const index = this.#returned.findIndex((run) => run.length >= wanted);
    const found = this.#returned[index];
    if (found === undefined) return this.take(count);
    const rest = { offset: found.offset + wanted, length: found.length - wanted };
    this.#returned.splice(index, 1, ...(rest.length > 0 ? [rest] : []));
    return found.offset;
  }

  /** Gives back clusters that nothing refers to, after their data could not be stored. */
  giveBack(offset: number, count: number): void {
    this.#returned.push({ offset, length: count * this.#clusterBytes });
  }

  /**
   * Lowers the end past returned clusters that lie there. Only when nobody else is allocating.
   * @returns the file length that is needed now
   */
  trim(): number {
    const downwards = this.#returned.sort((a, b) => b.offset - a.offset);
    let end = this.end;
    while (downwards[0] !== undefined && downwards[0].offset + downwards[0].length === end) {
      end = downwards[0].offset;
      downwards.shift();
    }
    this.#returned = downwards;
    Atomics.store(this.#next, 0, BigInt(end));
    return end;
  }
}
