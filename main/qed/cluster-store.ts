import { ok, type Err, type Result } from '../../shared/result.ts';
import type { BlockFile } from '../block/file.ts';
import { isZero } from '../block/zeroes.ts';
import type { Allocator } from './allocator.ts';

/** Where consecutive guest clusters went: consecutive clusters of the file, or no space at all. */
export interface Placement {
  /** Guest offset of the first cluster, in bytes. */
  readonly offset: number;
  readonly clusters: number;
  readonly fileOffset: number | 'zero';
}

/** What was stored before the end, or before a failure. */
export interface StoreOutcome {
  readonly placements: readonly Placement[];
  readonly failure: Err | null;
  /** Bytes read to know what to store; left out where everything stored was read. */
  readonly fetchedBytes?: number;
}

/** Writes whole clusters to free space of an image file. Publishes nothing: who owns the tables does that. */
export class ClusterStore {
  readonly #file: BlockFile;
  readonly #allocator: Allocator;
  readonly #clusterBytes: number;

  constructor(file: BlockFile, allocator: Allocator, clusterBytes: number) {
    this.#file = file;
    this.#allocator = allocator;
    this.#clusterBytes = clusterBytes;
  }

  /**
   * Stores `data`, the content of the clusters from guest offset `offset` on. All-zero clusters take no space. The
   * last cluster may be cut short by the end of the device; its rest stays a hole in the file.
   */
  async store(offset: number, data: Uint8Array): Promise<StoreOutcome> {
    const size = this.#clusterBytes;
    const placements: Placement[] = [];
    for (let start = 0; start < data.length;) {
      const zero = isZero(data.subarray(start, start + size));
      let end = start + size;
      while (end < data.length && isZero(data.subarray(end, end + size)) === zero) end += size;
      const clusters = (end - start) / size;
      if (zero) {
        placements.push({ offset: offset + start, clusters, fileOffset: 'zero' });
      } else {
        const placed = await this.place(data.subarray(start, end));
        if (!placed.ok) return { placements, failure: placed };
        placements.push({ offset: offset + start, clusters, fileOffset: placed.value });
      }
      start = end;
    }
    return { placements, failure: null };
  }

  /**
   * Writes `data` to free clusters and returns where they are. Where it ends within a cluster, the file is made to
   * reach to the end of that: an entry that points to a cluster beyond the end of the file is invalid.
   */
  async place(data: Uint8Array): Promise<Result<number>> {
    const clusters = Math.ceil(data.length / this.#clusterBytes);
    const bytes = clusters * this.#clusterBytes;
    const isWhole = data.length === bytes;
    const fileOffset = isWhole ? this.#allocator.takeUsed(clusters) : this.#allocator.take(clusters);
    const written = await this.#file.write(fileOffset, data);
    const stored =
      written.ok && !isWhole ? await this.#file.write(fileOffset + bytes - 1, new Uint8Array(1)) : written;
    if (stored.ok) return ok(fileOffset);
    this.#allocator.giveBack(fileOffset, clusters);
    return stored;
  }
}
