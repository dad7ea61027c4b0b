import { err, ok, type Err, type Result } from '../../shared/result.ts';
import { alignDown } from '../../shared/units.ts';
import type { BlockDevice } from '../block/device.ts';
import type { Claim, Populated } from '../block/overlay.ts';
import { rangeEnd, type Range } from '../block/range.ts';
import type { ClusterHolds, Hold } from './cluster-holds.ts';
import type { ClusterStore, Placement, StoreOutcome } from './cluster-store.ts';
import type { ClusterCopier } from './copier.ts';
import type { QedImage } from './image.ts';

/** Finds the missing clusters of an image and fills them: the half of an overlay that streaming drives. */
export class Population {
  readonly #image: QedImage;
  readonly #holds: ClusterHolds;
  readonly #store: ClusterStore;

  constructor(image: QedImage, holds: ClusterHolds, store: ClusterStore) {
    this.#image = image;
    this.#holds = holds;
    this.#store = store;
  }

  /** The first run of missing clusters that begins in `[from, to)`; see {@link OverlayDevice.findMissing}. */
  async findMissing(
    backing: BlockDevice | null,
    from: number,
    to: number,
    mostBytes = Infinity,
  ): Promise<Result<Range | null>> {
    const end = Math.min(to, this.#image.imageBytes, backing?.lengthBytes ?? 0);
    let start: number | null = null;
    for (let offset = from; offset < end;) {
      const located = this.#image.table.locate(offset, end - offset);
      const extent = located instanceof Promise ? await located : located;
      if (!extent.ok) return extent;
      if (extent.value.kind === 'unallocated') start ??= offset;
      else if (start !== null) return ok({ offset: start, length: offset - start });
      offset = rangeEnd(extent.value);
      if (start !== null && offset - start >= mostBytes) return ok({ offset: start, length: mostBytes });
    }
    return ok(start === null ? null : { offset: start, length: end - start });
  }

  /** Copies what is missing and free in `ranges`; see {@link OverlayDevice.populate}. */
  async populate(
    backing: BlockDevice,
    copier: ClusterCopier,
    ranges: readonly Range[],
  ): Promise<Result<Populated>> {
    const holds: Hold[] = [];
    try {
      for (const range of ranges) {
        const failure = await this.#holdMissing(backing, range, holds);
        if (failure !== null) return failure;
      }
      for (const { offset } of holds) {
        const room = await this.#image.table.reserve(offset);
        if (!room.ok) return room;
      }
      const outcome = await copier.copy(holds);
      this.#publish(outcome.placements);
      return outcome.failure ?? ok(this.#report(outcome, ranges));
    } finally {
      for (const hold of holds) hold.release();
    }
  }

  /** Takes the free missing clusters from the one at `offset` on; see {@link OverlayDevice.claim}. */
  async claim(backing: BlockDevice, offset: number, limit: number): Promise<Result<Claim | null>> {
    const start = alignDown(offset, this.#image.geometry.clusterBytes);
    for (;;) {
      await this.#holds.released(start);
      if (start >= backing.lengthBytes) return ok(null);
      const hold = await this.#holds.take(start, Math.max(limit, offset + 1), 'unallocated');
      if (!hold.ok) return hold;
      if (hold.value !== null) return ok(this.#claimOf(hold.value));
      if (!this.#holds.isHeld(start)) return ok(null);
    }
  }

  #claimOf(hold: Hold): Claim {
    const { offset, length } = hold;
    // Once stored or released, the clusters are the guest's: storing again would undo its writes.
    let spent = false;
    return {
      offset,
      length,
      release: () => {
        spent = true;
        hold.release();
      },
      store: async (data) => {
        if (spent) return err('invalid-argument', 'a claim can be stored once, and not after its release');
        if (data.length !== length) {
          return err('invalid-argument', `a claim of ${length} bytes cannot store ${data.length} bytes`);
        }
        spent = true;
        const room = await this.#image.table.reserve(offset);
        if (!room.ok) return room;
        const outcome = await this.#store.store(offset, data);
        this.#publish(outcome.placements);
        return outcome.failure ?? ok(this.#report(outcome, [{ offset, length }]));
      },
    };
  }

  async #holdMissing(backing: BlockDevice, range: Range, holds: Hold[]): Promise<Err | null> {
    const { clusterBytes } = this.#image.geometry;
    const end = rangeEnd(range);
    for (let offset = alignDown(range.offset, clusterBytes); offset < end;) {
      const missing = await this.findMissing(backing, offset, end);
      if (!missing.ok) return missing;
      if (missing.value === null) return null;
      const hold = await this.#holds.take(missing.value.offset, rangeEnd(missing.value), 'unallocated');
      if (!hold.ok) return hold;
      if (hold.value !== null) holds.push(hold.value);
      offset = hold.value === null ? missing.value.offset + clusterBytes : rangeEnd(hold.value);
    }
    return null;
  }

  #publish(placements: readonly Placement[]): void {
    for (const { offset, clusters, fileOffset } of placements) {
      this.#image.table.publish(offset, clusters, fileOffset);
    }
  }

  #report({ placements, fetchedBytes }: StoreOutcome, ranges: readonly Range[]): Populated {
    const wanted = ranges.reduce((sum, range) => sum + range.length, 0);
    let dataBytes = 0;
    let zeroBytes = 0;
    for (const { offset, clusters, fileOffset } of placements) {
      const bytes = Math.min(clusters * this.#image.geometry.clusterBytes, this.#image.imageBytes - offset);
      if (fileOffset === 'zero') zeroBytes += bytes;
      else dataBytes += bytes;
    }
    const skippedBytes = Math.max(0, wanted - dataBytes - zeroBytes);
    return { dataBytes, zeroBytes, skippedBytes, fetchedBytes };
  }
}
