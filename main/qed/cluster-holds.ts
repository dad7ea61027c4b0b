import { ok, type Result } from '../../shared/result.ts';
import { alignUp } from '../../shared/units.ts';
import type { Extent } from '../block/device.ts';
import type { Range } from '../block/range.ts';
import type { QedImage } from './image.ts';

/** A run of clusters without data, held by one operation that is about to give them their first content. */
export interface Hold extends Range {
  readonly kind: 'zero' | 'unallocated';
  /** Lets the clusters go; whoever waits for them looks them up again. Harmless when repeated. */
  readonly release: () => void;
}

/**
 * Who is allocating which cluster. An allocation holds its clusters from the look-up that found them without data to
 * the publication of their entries; whoever else wants to allocate one of them waits and looks again. So copy-on-read
 * and streaming can never overwrite a guest write, and allocations of different clusters never wait for each other,
 * unlike in QEMU, where they queue image-wide.
 */
export class ClusterHolds {
  readonly #image: QedImage;
  readonly #held = new Map<number, Promise<void>>();

  constructor(image: QedImage) {
    this.#image = image;
  }

  isHeld(offset: number): boolean {
    return this.#held.has(this.#clusterOf(offset));
  }

  /** What is held at this moment, cluster by cluster. */
  *ranges(): Generator<Range> {
    const { clusterBytes } = this.#image.geometry;
    for (const cluster of this.#held.keys()) yield { offset: cluster * clusterBytes, length: clusterBytes };
  }

  /** Resolves when the cluster at `offset` has been let go; it may be held again by the time the caller runs. */
  async released(offset: number): Promise<void> {
    await this.#held.get(this.#clusterOf(offset));
  }

  /**
   * Takes the free clusters of one kind from `offset` (the start of a cluster) on, up to `end` or the end of their
   * slice. Null when the first one is held, has data, or is zero while only unallocated ones are wanted.
   */
  async take(
    offset: number,
    end: number,
    wanted: 'unallocated' | 'without-data',
  ): Promise<Result<Hold | null>> {
    const pinned = await this.#image.table.pin(offset);
    if (!pinned.ok) return pinned;
    // From here to the marks in the map nothing else may run: the look-up must still hold when they are set.
    const { clusterBytes } = this.#image.geometry;
    const limits = [alignUp(end, clusterBytes), this.#image.imageBytes, this.#image.table.sliceEnd(offset)];
    const reach = Math.min(...limits) - offset;
    const extent = this.#image.table.tryLocate(offset, reach);
    if (extent === null) throw new Error('a pinned slice left memory');
    const hold = extent.ok ? this.#holdFree(extent.value, wanted) : extent;
    if (!hold.ok || hold.value === null) this.#image.table.unpin(offset);
    return hold;
  }

  #holdFree({ offset, length, kind }: Extent, wanted: 'unallocated' | 'without-data'): Result<Hold | null> {
    if (kind === 'data' || (kind === 'zero' && wanted === 'unallocated')) return ok(null);
    const { clusterBytes } = this.#image.geometry;
    const first = this.#clusterOf(offset);
    const limit = first + Math.ceil(length / clusterBytes);
    let last = first;
    while (last < limit && !this.#held.has(last)) last++;
    if (last === first) return ok(null);
    const heldBytes = Math.min((last - first) * clusterBytes, length);
    return ok({ offset, length: heldBytes, kind, release: this.#mark(first, last, offset) });
  }

  #mark(first: number, last: number, offset: number): () => void {
    let wake = () => {};
    const released = new Promise<void>((resolve) => {
      wake = resolve;
    });
    for (let cluster = first; cluster < last; cluster++) this.#held.set(cluster, released);
    let done = false;
    return () => {
      if (done) return;
      done = true;
      for (let cluster = first; cluster < last; cluster++) this.#held.delete(cluster);
      this.#image.table.unpin(offset);
      wake();
    };
  }

  #clusterOf(offset: number): number {
    return Math.floor(offset / this.#image.geometry.clusterBytes);
  }
}
