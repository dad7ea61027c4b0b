import { DONE, ok, type Err, type Result } from '../../shared/result.ts';
import type { BlockFile } from '../block/file.ts';
import { isZero } from '../block/zeroes.ts';
import type { Allocator, FileRun } from './allocator.ts';

/** Where consecutive guest clusters went: consecutive clusters of the file, or no space at all. */
interface Placed<FileOffset = number | 'zero'> {
  readonly clusters: number;
  readonly fileOffset: FileOffset;
}

export interface Placement extends Placed {
  /** Guest offset of the first cluster, in bytes. */
  readonly offset: number;
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
   * last cluster may be cut short by the end of the device.
   */
  async store(offset: number, data: Uint8Array): Promise<StoreOutcome> {
    const size = this.#clusterBytes;
    const placements: Placement[] = [];
    for (let start = 0; start < data.length;) {
      const zero = isZero(data.subarray(start, start + size));
      let end = start + size;
      while (end < data.length && isZero(data.subarray(end, end + size)) === zero) end += size;
      const placed: Result<Placed> = zero
        ? ok({ clusters: (end - start) / size, fileOffset: 'zero' })
        : await this.place(data.subarray(start, end));
      if (!placed.ok) return { placements, failure: placed };
      placements.push({ offset: offset + start, ...placed.value });
      start += placed.value.clusters * size;
    }
    return { placements, failure: null };
  }

  /**
   * Writes the beginning of `data` to free clusters, as many as there are side by side, and returns where they are. The
   * file is made to reach to the end of the last one: an entry that points to a cluster beyond the end of the file is
   * invalid.
   */
  async place(data: Uint8Array): Promise<Result<Placed<number>>> {
    const run = this.#allocator.takeSome(Math.ceil(data.length / this.#clusterBytes));
    const bytes = run.clusters * this.#clusterBytes;
    const written = await this.#file.write(run.fileOffset, data.subarray(0, bytes));
    const stored = written.ok ? await this.#fill(run, data.length, bytes) : written;
    if (stored.ok) return ok({ fileOffset: run.fileOffset, clusters: run.clusters });
    this.#allocator.giveBack(run);
    return stored;
  }

  /** Zeroes the rest of a cluster whose data is cut short; where it is new, by making the file longer. */
  async #fill({ fileOffset, used }: FileRun, from: number, to: number): Promise<Result<void>> {
    if (from >= to) return DONE;
    const start = used ? from : to - 1;
    return this.#file.write(fileOffset + start, new Uint8Array(to - start));
  }
}
