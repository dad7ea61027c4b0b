import type { Clock } from '../../shared/clock.ts';
import { DONE, err, ok, type Err, type Result } from '../../shared/result.ts';
import { alignDown, isAligned, SECTOR_BYTES } from '../../shared/units.ts';
import type { Extent } from '../block/device.ts';
import type { BlockFile } from '../block/file.ts';
import { Allocator } from './allocator.ts';
import { checkQed } from './check.ts';
import { markStamped, readContentStamp, type ContentStamp } from './content-stamp.ts';
import { COMPAT_FEATURE, ENTRY_BYTES, FEATURE, UNALLOCATED, ZERO_CLUSTER } from './format.ts';
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
import { HeaderRecord, readBackingName, type BackingReference } from './header-record.ts';
import { readHeader, type Header } from './header.ts';
import { L2Cache } from './l2-cache.ts';
import { Table } from './table.ts';

export type { BackingReference };

export interface QedImageOptions {
  readonly clock: Clock;
  /** Longest time a new table entry stays in memory only, in milliseconds. */
  readonly commitDelayMs?: number;
  /** Memory for L2 tables, in bytes; what is in use or not yet written may exceed it. */
  readonly tableCacheBytes?: number;
  /**
   * Keeps the content stamp until {@link QedImage.clearContentStamp}: for who clears it before a guest could see a change.
   * Otherwise it is cleared when the image is opened for writing.
   */
  readonly keepContentStamp?: boolean;
  /** Told when a commit that no request waits for fails. The next flush fails too. */
  readonly onBackgroundFailure?: (failure: Err) => void;
}

const DEFAULT_COMMIT_DELAY_MS = 200;
const DEFAULT_TABLE_CACHE_BYTES = 32 * 1024 * 1024;

/**
 * An open QED image: its header, its tables and its free space. Knows where every guest byte is stored, not what it
 * means: reading and writing guest data is {@link QedDevice}'s.
 *
 * One thread owns an image; copiers in other threads only take space from its {@link Allocator} (ADR 1).
 */
export class QedImage {
  readonly file: BlockFile;
  readonly geometry: Geometry;
  readonly allocator: Allocator;
  readonly #header: HeaderRecord;
  readonly #l1: Table;
  readonly #slices: L2Cache;
  readonly #commit: GroupCommit;
  #imageBytes: number;
  /** A file offset up to which clusters may be referenced; raised on demand to what was allocated since. */
  #usedEnd: number;

  /** Opens an image whose header was read and whose tables are trusted only entry by entry, when they are used. */
  static async open(file: BlockFile, options: QedImageOptions): Promise<Result<QedImage>> {
    const found = await readCheckedHeader(file);
    if (!found.ok) return found;
    const { header, fileBytes } = found.value;
    const backing = await readBackingName(file, header);
    if (!backing.ok) return backing;
    const stamp = await readContentStamp(file, header);
    if (!stamp.ok) return stamp;
    const image = new QedImage(file, header, backing.value, stamp.value, fileBytes, options);
    const prepared = file.readOnly ? DONE : await image.#prepareForWriting(fileBytes, options);
    if (!prepared.ok) return prepared;
    const l1Read = await file.read(header.l1TableOffset, image.#l1.bytes);
    if (!l1Read.ok) return l1Read;
    const grown = await image.#noteGrowth();
    return grown.ok ? ok(image) : grown;
  }

  private constructor(
    file: BlockFile,
    header: Header,
    backing: BackingReference | null,
    stamp: ContentStamp | null,
    fileBytes: number,
    options: QedImageOptions,
  ) {
    this.file = file;
    this.geometry = geometryOf(header.clusterBytes, header.tableClusters);
    this.#imageBytes = header.imageBytes;
    this.#header = new HeaderRecord(file, header, backing, stamp, () => this.flush());
    this.#l1 = new Table(l1EntriesUsed(this.geometry, header.imageBytes));
    this.#usedEnd = alignDown(fileBytes, header.clusterBytes);
    this.allocator = new Allocator(header.clusterBytes, this.#usedEnd);
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
      tableBytes: this.geometry.tableBytes,
      offsetOf: (slice) => this.#sliceFileOffset(slice.index * this.geometry.bytesPerSlice),
      onBackgroundFailure: options.onBackgroundFailure ?? (() => {}),
    });
  }

  get header(): Header {
    return this.#header.current;
  }

  get backing(): BackingReference | null {
    return this.#header.backing;
  }

  /** The name of what a guest sees; null once it may have changed. */
  get contentStamp(): ContentStamp | null {
    return this.#header.contentStamp;
  }

  /** Guest size, in bytes. */
  get imageBytes(): number {
    return this.#imageBytes;
  }

  /** True when the last writer did not close the image and did not order its writes either (QEMU without backing). */
  get needsCheck(): boolean {
    return (this.header.features & FEATURE.NEED_CHECK) !== 0n;
  }

  hasCompatFeature(name: keyof typeof COMPAT_FEATURE): boolean {
    return (this.header.compatFeatures & COMPAT_FEATURE[name]) !== 0n;
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
   * Points `count` clusters from guest `offset` on at consecutive clusters from `fileOffset` on, or marks them zero.
   * Takes effect at once for readers and goes to disk with the next group. The run must lie in one pinned slice, and
   * its data must be written.
   */
  publish(offset: number, count: number, fileOffset: number | 'zero'): void {
    const slice = this.#slices.get(sliceIndexOf(this.geometry, offset));
    const first = sliceEntryOf(this.geometry, offset);
    if (slice === undefined || first + count > slice.table.entryCount) {
      throw new Error(`${count} clusters at ${offset} are not in one pinned slice`);
    }
    if (this.#l1.get(l1IndexOf(this.geometry, offset)) === UNALLOCATED) this.#addTable(offset);
    for (let i = 0; i < count; i++) {
      const entry = fileOffset === 'zero' ? ZERO_CLUSTER : fileOffset + i * this.geometry.clusterBytes;
      slice.table.set(first + i, entry);
    }
    this.#commit.changed(slice);
  }

  /** Makes everything acknowledged so far durable. After a failed sync it fails for good: open the image anew. */
  flush(): Promise<Result<void>> {
    return this.#commit.flush();
  }

  /**
   * Rewrites the backing reference, durably, after everything before it is durable. Fails with `no-space` when the
   * name does not fit the header clusters and with `unsupported` when unknown compatible features forbid it: they may
   * describe something behind the header (qed_spec, "compat_features").
   */
  setBacking(reference: BackingReference | null): Promise<Result<void>> {
    return this.#header.setBacking(reference);
  }

  /** Names what a guest sees from now on, durably, after everything before it is durable. No write may be in flight. */
  setContentStamp(stamp: ContentStamp): Promise<Result<void>> {
    return this.#header.setContentStamp(stamp);
  }

  /** Says, durably, that what a guest sees is about to change. */
  clearContentStamp(): Promise<Result<void>> {
    return this.#header.clearContentStamp();
  }

  /**
   * Grows the guest size to `imageBytes`, durably. What comes with the new size may hold old entries or show the
   * backing file: {@link QedDevice.resize} makes it zero.
   * @param beforeStored runs when the new size is in effect and not yet in the header
   */
  async grow(
    imageBytes: number,
    beforeStored: () => Promise<Result<void>> = async () => DONE,
  ): Promise<Result<void>> {
    const before = this.#imageBytes;
    const most = Math.min(this.geometry.maxImageBytes, Number.MAX_SAFE_INTEGER);
    if (imageBytes < before) return err('unsupported', 'Shrinking images is currently not supported');
    if (!isAligned(imageBytes, SECTOR_BYTES) || imageBytes > most) {
      return err('invalid-argument', `QED image size must be a multiple of 512 and at most ${most} bytes`);
    }
    const room = await this.#growL1(imageBytes);
    if (!room.ok) return room;
    this.#imageBytes = imageBytes;
    const ready = await beforeStored();
    const stored = ready.ok ? await this.#header.rewrite(() => ({ imageBytes })) : ready;
    if (!stored.ok) this.#imageBytes = before;
    return stored;
  }

  /** Clears the mark that asks for a check, durably, after one has been done. */
  clearNeedsCheck(): Promise<Result<void>> {
    return this.#header.rewrite(({ features }) => ({ features: features & ~FEATURE.NEED_CHECK }));
  }

  /**
   * Writes and syncs what is pending, cuts unused clusters off the end, and closes the file. No other request may be
   * under way, nor a copier in another thread.
   */
  async close(): Promise<Result<void>> {
    const finished = this.file.readOnly ? DONE : await this.#finish();
    this.#commit.stop();
    const closed = await this.file.close();
    return finished.ok ? closed : finished;
  }

  /** True when `clusters` clusters from `fileOffset` on can belong to this image. */
  isValidOffset(fileOffset: number, clusters = 1): boolean {
    const { clusterBytes } = this.geometry;
    const headerBytes = this.header.headerClusters * clusterBytes;
    if (fileOffset % clusterBytes !== 0 || fileOffset < headerBytes) return false;
    const end = fileOffset + clusters * clusterBytes;
    return end <= this.#usedEnd || end <= (this.#usedEnd = this.allocator.end);
  }

  async #finish(): Promise<Result<void>> {
    const flushed = await this.flush();
    if (!flushed.ok) return flushed;
    const endBefore = this.allocator.end;
    const end = this.allocator.trim();
    return end < endBefore ? this.file.setLength(end) : DONE;
  }

  /** Clears autoclear features, and cuts off a torn last cluster, which no valid entry can refer to. */
  async #prepareForWriting(
    fileBytes: number,
    { keepContentStamp = false }: QedImageOptions,
  ): Promise<Result<void>> {
    if (fileBytes !== this.#usedEnd) {
      const cut = await this.file.setLength(this.#usedEnd);
      if (!cut.ok) return cut;
    }
    const keep = keepContentStamp && this.contentStamp !== null;
    const { autoclearFeatures } = markStamped({ ...this.header, autoclearFeatures: 0n }, keep);
    if (this.header.autoclearFeatures === autoclearFeatures) return DONE;
    const cleared = await this.#header.rewrite(() => ({ autoclearFeatures }));
    return cleared.ok && !keep ? this.clearContentStamp() : cleared;
  }

  /** Makes room for the entries of a larger image, with what the disk has there. */
  async #growL1(imageBytes: number): Promise<Result<void>> {
    const known = this.#l1.entryCount;
    this.#l1.grow(l1EntriesUsed(this.geometry, imageBytes));
    const added = this.#l1.bytes.subarray(known * ENTRY_BYTES);
    const read = await this.file.read(this.header.l1TableOffset + known * ENTRY_BYTES, added);
    return read.ok ? DONE : read;
  }

  #addTable(offset: number): void {
    const fileOffset = this.allocator.take(this.geometry.tableClusters);
    this.#l1.set(l1IndexOf(this.geometry, offset), fileOffset);
    this.#commit.tableAdded(fileOffset);
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
        `'${this.file.path}': L1 entry ${l1Index} points to ${tableOffset}, which is not a table inside the file; ` +
          `check the image`,
      );
    }
    // A table that was just added may lie behind the end of the file: its entries are 0.
    const read = await this.file.read(this.#sliceFileOffset(offset), slice.bytes);
    const grown = read.ok ? await this.#noteGrowth() : read;
    return grown.ok ? ok(slice) : grown;
  }

  /**
   * An image that is only read here may be streamed into by somebody else. That changes no byte of its content, but
   * the tables just read may refer to clusters added since it was opened.
   */
  async #noteGrowth(): Promise<Result<void>> {
    if (!this.file.readOnly) return DONE;
    const fileBytes = await this.file.length();
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
      `'${this.file.path}': the L2 entry of guest offset ${offset} points to ${entry}, which is not a cluster inside ` +
        `the file; check the image`,
    );
  }
}

/**
 * Reads the header for opening. An image that another program left marked is checked and repaired before it is
 * written, as QEMU does, and not opened when the check cannot read its tables; for reading it is taken as it is.
 */
async function readCheckedHeader(file: BlockFile): Promise<Result<{ header: Header; fileBytes: number }>> {
  const found = await readHeader(file);
  if (!found.ok || file.readOnly || (found.value.header.features & FEATURE.NEED_CHECK) === 0n) return found;
  const checked = await checkQed(file, 'all');
  if (!checked.ok) return checked;
  if (checked.value.checkErrors > 0) {
    return err('io', `'${file.path}' needs a check, and some of its tables cannot be read or repaired`);
  }
  return readHeader(file);
}
