import type { Clock } from '../../shared/clock.ts';
import { DONE, err, ok, type Err, type Result } from '../../shared/result.ts';
import { alignDown } from '../../shared/units.ts';
import type { Extent } from '../block/device.ts';
import type { BlockFile } from '../block/file.ts';
import { Allocator } from './allocator.ts';
import { ENTRY_BYTES, UNALLOCATED, ZERO_CLUSTER } from './format.ts';
import {
  geometryOf,
  l1EntriesUsed,
  l1IndexOf,
  sliceEntryOf,
  sliceIndexOf,
  slicePositionOf,
  type Geometry,
} from './geometry.ts';
import { GroupCommit } from './group-commit.ts';
import type { Header } from './header.ts';
import { L2Cache } from './l2-cache.ts';
import { NewTables } from './new-tables.ts';
import { Table } from './table.ts';

export interface TwoLevelTableOptions {
  readonly clock: Clock;
  /** Longest time a new entry stays in memory only, in milliseconds. */
  readonly commitDelayMs?: number;
  /** Memory for L2 tables, in bytes; what is in use or not yet written may exceed it. */
  readonly tableCacheBytes?: number;
  /** Told when a commit that no request waits for fails. The next flush fails too. */
  readonly onBackgroundFailure?: (failure: Err) => void;
}

const DEFAULT_COMMIT_DELAY_MS = 200;
const DEFAULT_TABLE_CACHE_BYTES = 32 * 1024 * 1024;

/**
 * Where each guest cluster of an image is stored: the L1 table, whole, and those L2 tables that are in use, in slices.
 * Entries are trusted only one by one, when they are used.
 */
export class TwoLevelTable {
  readonly geometry: Geometry;
  readonly allocator: Allocator;
  readonly #file: BlockFile;
  readonly #l1Offset: number;
  readonly #headerBytes: number;
  readonly #l1: Table;
  readonly #slices: L2Cache;
  readonly #newTables: NewTables;
  readonly #commit: GroupCommit;
  #imageBytes: number;
  /** A file offset up to which clusters may be referenced; raised on demand to what was allocated since. */
  #usedEnd: number;

  /** @param fileBytes length of the image file when its header was read */
  constructor(file: BlockFile, header: Header, fileBytes: number, options: TwoLevelTableOptions) {
    this.geometry = geometryOf(header.clusterBytes, header.tableClusters);
    this.#file = file;
    this.#l1Offset = header.l1TableOffset;
    this.#headerBytes = header.headerClusters * header.clusterBytes;
    this.#l1 = new Table(l1EntriesUsed(this.geometry, header.imageBytes));
    this.#usedEnd = alignDown(fileBytes, header.clusterBytes);
    this.#imageBytes = header.imageBytes;
    this.allocator = new Allocator(header.clusterBytes, this.#usedEnd);
    this.#newTables = new NewTables(file, this.allocator, this.geometry);
    const cacheBytes = options.tableCacheBytes ?? DEFAULT_TABLE_CACHE_BYTES;
    const cacheSlices = Math.max(1, Math.floor(cacheBytes / this.geometry.sliceBytes));
    this.#slices = new L2Cache(cacheSlices);
    this.#commit = new GroupCommit({
      file,
      clock: options.clock,
      delayMs: options.commitDelayMs ?? DEFAULT_COMMIT_DELAY_MS,
      maxWaitingSlices: cacheSlices,
      l1: this.#l1,
      l1Offset: header.l1TableOffset,
      offsetOf: (slice) => this.#sliceFileOffset(slice.index * this.geometry.bytesPerSlice),
      onBackgroundFailure: options.onBackgroundFailure ?? (() => {}),
    });
  }

  /** Reads the L1 table. */
  async load(): Promise<Result<void>> {
    const read = await this.#file.read(this.#l1Offset, this.#l1.bytes);
    return read.ok ? this.#noteGrowth() : read;
  }

  /**
   * The state of `offset` and how far it goes, at most `length` bytes and at most to the end of its slice, or of its
   * table where there is none; null when the slice is not in memory. Fails with `malformed` on an entry that points
   * outside the file.
   */
  tryLocate(offset: number, length: number): Result<Extent> | null {
    const slice = this.#slices.get(sliceIndexOf(this.geometry, offset));
    if (slice !== undefined) return this.#scan(slice.table, offset, length);
    const l1Index = l1IndexOf(this.geometry, offset);
    if (this.#l1.get(l1Index) !== UNALLOCATED) return null;
    const tableEnd = (l1Index + 1) * this.geometry.bytesPerTable;
    return ok({ offset, length: Math.min(length, tableEnd - offset), kind: 'unallocated' });
  }

  /** As {@link tryLocate}, reading the slice where it is not in memory; answers at once where it is. */
  locate(offset: number, length: number): Result<Extent> | Promise<Result<Extent>> {
    return this.tryLocate(offset, length) ?? this.#loadAndLocate(offset, length);
  }

  /** Loads the slice that covers `offset` and keeps it in memory until {@link unpin}. */
  async pin(offset: number): Promise<Result<void>> {
    const pinned = await this.#slices.pin(sliceIndexOf(this.geometry, offset), () => this.#readSlice(offset));
    return pinned.ok ? DONE : pinned;
  }

  unpin(offset: number): void {
    this.#slices.unpin(sliceIndexOf(this.geometry, offset));
  }

  /** Where the slice that covers `offset` ends: what is beyond needs a pin of its own. */
  sliceEnd(offset: number): number {
    const { bytesPerSlice } = this.geometry;
    return alignDown(offset, bytesPerSlice) + bytesPerSlice;
  }

  /**
   * Makes sure that there is a table for the entry of `offset`, with its room in the file: to be called before data is
   * stored for it. Fails with `no-space` where there is none.
   */
  async reserve(offset: number): Promise<Result<void>> {
    if (this.#hasTable(offset)) return DONE;
    const l1Index = l1IndexOf(this.geometry, offset);
    const made = await this.#newTables.make(l1Index, this.#imageBytes, (fileOffset) => {
      this.#l1.set(l1Index, fileOffset);
      this.#commit.l1Changed();
    });
    return made.ok ? DONE : made;
  }

  /**
   * Points `count` clusters from guest `offset` on at consecutive clusters from `fileOffset` on, or marks them zero.
   * Takes effect at once for readers and goes to disk with the next group. The run must lie in one pinned slice whose
   * table was reserved, and its data must be written.
   */
  publish(offset: number, count: number, fileOffset: number | 'zero'): void {
    const slice = this.#slices.get(sliceIndexOf(this.geometry, offset));
    const first = sliceEntryOf(this.geometry, offset);
    if (slice === undefined || first + count > slice.table.entryCount) {
      throw new Error(`${count} clusters at ${offset} are not in one pinned slice`);
    }
    if (!this.#hasTable(offset)) throw new Error(`no table was reserved for ${offset}`);
    for (let i = 0; i < count; i++) {
      const entry = fileOffset === 'zero' ? ZERO_CLUSTER : fileOffset + i * this.geometry.clusterBytes;
      slice.table.set(first + i, entry);
    }
    this.#commit.changed(slice);
  }

  /** Makes every entry so far durable, after its data. After a failed sync it fails for good: open the image anew. */
  flush(): Promise<Result<void>> {
    return this.#commit.flush();
  }

  /** Commits nothing any more by itself. */
  stop(): void {
    this.#commit.stop();
  }

  /** Makes room for the entries of a larger image, with what the disk has there. */
  async grow(imageBytes: number): Promise<Result<void>> {
    this.#imageBytes = imageBytes;
    const known = this.#l1.entryCount;
    this.#l1.grow(l1EntriesUsed(this.geometry, imageBytes));
    const added = this.#l1.bytes.subarray(known * ENTRY_BYTES);
    const read = await this.#file.read(this.#l1Offset + known * ENTRY_BYTES, added);
    return read.ok ? DONE : read;
  }

  /** True when `clusters` clusters from `fileOffset` on can belong to this image. */
  isValidOffset(fileOffset: number, clusters = 1): boolean {
    const { clusterBytes } = this.geometry;
    if (fileOffset % clusterBytes !== 0 || fileOffset < this.#headerBytes) return false;
    const end = fileOffset + clusters * clusterBytes;
    return end <= this.#usedEnd || end <= (this.#usedEnd = this.allocator.end);
  }

  #hasTable(offset: number): boolean {
    return this.#l1.get(l1IndexOf(this.geometry, offset)) !== UNALLOCATED;
  }

  #sliceFileOffset(offset: number): number {
    return this.#l1.get(l1IndexOf(this.geometry, offset)) + slicePositionOf(this.geometry, offset);
  }

  async #loadAndLocate(offset: number, length: number): Promise<Result<Extent>> {
    const index = sliceIndexOf(this.geometry, offset);
    const loaded = await this.#slices.load(index, () => this.#readSlice(offset));
    return loaded.ok ? this.#scan(loaded.value.table, offset, length) : loaded;
  }

  /** The entries of the slice that covers `offset`; empty where there is no table. */
  async #readSlice(offset: number): Promise<Result<Table>> {
    const slice = new Table(this.geometry.sliceBytes / ENTRY_BYTES);
    const l1Index = l1IndexOf(this.geometry, offset);
    const tableOffset = this.#l1.get(l1Index);
    if (tableOffset === UNALLOCATED) return ok(slice);
    if (!this.isValidOffset(tableOffset, this.geometry.tableClusters)) {
      return err(
        'malformed',
        `'${this.#file.path}': L1 entry ${l1Index} points to ${tableOffset}, which is not a table inside the file; ` +
          `check the image`,
      );
    }
    const read = await this.#file.read(this.#sliceFileOffset(offset), slice.bytes);
    const grown = read.ok ? await this.#noteGrowth() : read;
    return grown.ok ? ok(slice) : grown;
  }

  /**
   * An image that is only read here may be streamed into by somebody else. That changes no byte of its content, but
   * the tables just read may refer to clusters added since it was opened.
   */
  async #noteGrowth(): Promise<Result<void>> {
    if (!this.#file.readOnly) return DONE;
    const fileBytes = await this.#file.length();
    if (!fileBytes.ok) return fileBytes;
    this.#usedEnd = Math.max(this.#usedEnd, alignDown(fileBytes.value, this.geometry.clusterBytes));
    return DONE;
  }

  #scan(table: Table, offset: number, length: number): Result<Extent> {
    const { clusterBytes } = this.geometry;
    const first = sliceEntryOf(this.geometry, offset);
    const within = offset % clusterBytes;
    const entry = table.get(first);
    const isData = entry !== UNALLOCATED && entry !== ZERO_CLUSTER;
    const step = isData ? clusterBytes : 0;
    const limit = Math.min(table.entryCount, first + Math.ceil((within + length) / clusterBytes));
    let index = first + 1;
    while (index < limit && table.get(index) === entry + (index - first) * step) index++;
    if (isData && !this.isValidOffset(entry, index - first)) {
      if (!this.isValidOffset(entry)) return this.#badEntry(offset, entry);
      while (!this.isValidOffset(entry, index - first)) index--;
    }
    const reach = Math.min(length, (index - first) * clusterBytes - within);
    if (isData) return ok({ offset, length: reach, kind: 'data', fileOffset: entry + within });
    return ok({ offset, length: reach, kind: entry === ZERO_CLUSTER ? 'zero' : 'unallocated' });
  }

  #badEntry(offset: number, entry: number) {
    return err(
      'malformed',
      `'${this.#file.path}': the L2 entry of guest offset ${offset} points to ${entry}, which is not a cluster inside ` +
        `the file; check the image`,
    );
  }
}
