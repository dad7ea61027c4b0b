import { DONE, ok, type Result } from '../../shared/result.ts';
import type { BlockFile } from '../block/file.ts';
import { ZEROES } from '../block/zeroes.ts';
import type { Allocator, FileRun } from './allocator.ts';
import { ENTRY_BYTES } from './format.ts';
import { l2EntriesUsed, type Geometry } from './geometry.ts';

/**
 * Makes L2 tables. They are written, empty, before any data that they will lead to: on a disk that runs full a write
 * fails then, and is not acknowledged only to find no room for its entry later. QEMU writes new tables whole, too.
 */
export class NewTables {
  readonly #file: BlockFile;
  readonly #allocator: Allocator;
  readonly #geometry: Geometry;
  readonly #underWay = new Map<number, Promise<Result<number>>>();

  constructor(file: BlockFile, allocator: Allocator, geometry: Geometry) {
    this.#file = file;
    this.#allocator = allocator;
    this.#geometry = geometry;
  }

  /**
   * Makes the table of an L1 entry and returns its file offset; who asks meanwhile gets the same one.
   * @param imageBytes guest size: what no guest offset of it leads to may stay a hole
   * @param ready called once for each table, before anybody hears of it
   */
  make(l1Index: number, imageBytes: number, ready: (fileOffset: number) => void): Promise<Result<number>> {
    const underWay = this.#underWay.get(l1Index);
    if (underWay !== undefined) return underWay;
    const making = this.#make(imageBytes).then((made) => {
      this.#underWay.delete(l1Index);
      if (made.ok) ready(made.value);
      return made;
    });
    this.#underWay.set(l1Index, making);
    return making;
  }

  async #make(imageBytes: number): Promise<Result<number>> {
    const run = this.#allocator.take(this.#geometry.tableClusters);
    const written = await this.#writeEmpty(run, imageBytes);
    if (written.ok) return ok(run.fileOffset);
    this.#allocator.giveBack(run);
    return written;
  }

  async #writeEmpty({ fileOffset, used }: FileRun, imageBytes: number): Promise<Result<void>> {
    const { tableBytes } = this.#geometry;
    const needed = used ? tableBytes : l2EntriesUsed(this.#geometry, imageBytes) * ENTRY_BYTES;
    for (let done = 0; done < needed; done += ZEROES.length) {
      const piece = ZEROES.subarray(0, Math.min(ZEROES.length, needed - done));
      const written = await this.#file.write(fileOffset + done, piece);
      if (!written.ok) return written;
    }
    // The whole of it must lie in the file.
    if (needed === tableBytes) return DONE;
    return this.#file.write(fileOffset + tableBytes - ENTRY_BYTES, ZEROES.subarray(0, ENTRY_BYTES));
  }
}
