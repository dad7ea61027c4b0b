import { DONE, type Err, type Result } from '../../shared/result.ts';
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

/** What was stored before the end or before a failure. */
export interface StoreOutcome {
  readonly placements: readonly Placement[];
  readonly failure: Err | null;
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
    for (let start = 0; start < data.length; ) {
      const zero = isZero(data.subarray(start, start + size));
      let end = start + size;
      while (end < data.length && isZero(data.subarray(end, end + size)) === zero) end += size;
      const clusters = (end - start) / size;
      if (zero) {
        placements.push({ offset: offset + start, clusters, fileOffset: 'zero' });
      } else {
        const fileOffset = this.#allocator.take(clusters);
        const written = await this.write(fileOffset, data.subarray(start, end), clusters);
        if (!written.ok) {
          this.#allocator.giveBack(fileOffset, clusters);
          return { placements, failure: written };
        }
        placements.push({ offset: offset + start, clusters, fileOffset });
      }
      start = end;
    }
    return { placements, failure: null };
  }

  /**
   * Writes the content of `clusters` clusters from `fileOffset` on, and makes sure the file reaches to the end of the
   * last one: an entry that points to a cluster beyond the end of the file is invalid.
   */
  async write(fileOffset: number, data: Uint8Array, clusters: number): Promise<Result<void>> {
    const written = await this.#file.write(fileOffset, data);
    if (!written.ok) return written;
    const bytes = clusters * this.#clusterBytes;
    return data.length < bytes ? this.#file.write(fileOffset + bytes - 1, new Uint8Array(1)) : DONE;
  }
}
