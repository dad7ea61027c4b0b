import type { Clock } from '../../shared/clock.ts';
import { DONE, err, ok, type Result } from '../../shared/result.ts';
import { alignDown } from '../../shared/units.ts';
import type { Extent } from '../block/device.ts';
import type { BlockFile } from '../block/file.ts';
import { Allocator } from './allocator.ts';
import { checkQed } from './check.ts';
import {
  FEATURE,
  HEADER_BYTES,
  KNOWN_AUTOCLEAR_FEATURES,
  KNOWN_COMPAT_FEATURES,
  MAX_BACKING_NAME_BYTES,
  COMPAT_FEATURE,
  UNALLOCATED,
  ZERO_CLUSTER,
} from './format.ts';
import {
  geometryOf,
  l1EntriesUsed,
  l1IndexOf,
  l2EntriesUsed,
  l2IndexOf,
  type Geometry,
} from './geometry.ts';
import { GroupCommit } from './group-commit.ts';
import { encodeHeader, hasBackingFile, readHeader, type Header } from './header.ts';
import { L2Cache, type L2Table } from './l2-cache.ts';
import { Table } from './table.ts';

/** What a backing reference in a header says. */
export interface BackingReference {
  /** File name or address as stored: relative names are relative to the image's folder. */
  readonly name: string;
  /** True when the header says the backing file is raw; false leaves the format to the caller. */
  readonly raw: boolean;
}

export interface QedImageOptions {
  readonly clock: Clock;
  /** Longest time a new table entry stays in memory only, in milliseconds. */
  readonly commitDelayMs?: number;
  /** Memory for L2 tables, in bytes; tables in use may exceed it. */
  readonly tableCacheBytes?: number;
  /** Told when a commit that no request waits for fails. The next flush fails too. */
  readonly onBackgroundFailure?: (failure: Result<void>) => void;
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
  #header: Header;
  #backing: BackingReference | null;
  readonly #l1: Table;
  readonly #tables: L2Cache;
  readonly #commit: GroupCommit;
  /** A file offset up to which clusters may be referenced; raised on demand to what was allocated since. */
  #usedEnd: number;

  /** Opens an image whose header was read and whose tables are trusted only entry by entry, when they are used. */
  static async open(file: BlockFile, options: QedImageOptions): Promise<Result<QedImage>> {
    const found = await readCheckedHeader(file);
    if (!found.ok) return found;
    const { header, fileBytes } = found.value;
    const backing = await readBackingName(file, header);
    if (!backing.ok) return backing;
    const image = new QedImage(file, header, backing.value, fileBytes, options);
    const prepared = file.readOnly ? DONE : await image.#prepareForWriting(fileBytes);
    if (!prepared.ok) return prepared;
    const l1Read = await file.read(header.l1TableOffset, image.#l1.bytes);
    return l1Read.ok ? ok(image) : l1Read;
  }

  private constructor(
    file: BlockFile,
    header: Header,
    backing: BackingReference | null,
    fileBytes: number,
    options: QedImageOptions,
  ) {
    this.file = file;
    this.#header = header;
    this.#backing = backing;
    this.geometry = geometryOf(header.clusterBytes, header.tableClusters);
    this.#l1 = new Table(l1EntriesUsed(this.geometry, header.imageBytes));
    this.#usedEnd = alignDown(fileBytes, header.clusterBytes);
    this.allocator = new Allocator(header.clusterBytes, this.#usedEnd);
    const cacheBytes = options.tableCacheBytes ?? DEFAULT_TABLE_CACHE_BYTES;
    this.#tables = new L2Cache(Math.max(1, Math.floor(cacheBytes / this.geometry.tableBytes)));
    this.#commit = new GroupCommit({
      file,
      clock: options.clock,
      delayMs: options.commitDelayMs ?? DEFAULT_COMMIT_DELAY_MS,
      geometry: this.geometry,
      l1: this.#l1,
      l1Offset: header.l1TableOffset,
      onBackgroundFailure: options.onBackgroundFailure ?? (() => {}),
    });
  }

  get header(): Header {
    return this.#header;
  }

  get backing(): BackingReference | null {
    return this.#backing;
  }

  /** Guest size, in bytes. */
  get imageBytes(): number {
    return this.#header.imageBytes;
  }

  /** True when the last writer did not close the image and did not order its writes either (QEMU without backing). */
  get needsCheck(): boolean {
    return (this.#header.features & FEATURE.NEED_CHECK) !== 0n;
  }

  hasCompatFeature(name: keyof typeof COMPAT_FEATURE): boolean {
    return (this.#header.compatFeatures & COMPAT_FEATURE[name]) !== 0n;
  }

  /**
   * The state of `offset` and how far it goes, at most `length` bytes and at most to the end of its L2 table; null
   * when that table is not in memory. Fails with `malformed` on an entry that points outside the file.
   */
  tryLocate(offset: number, length: number): Result<Extent> | null {
    const l1Index = l1IndexOf(this.geometry, offset);
    const table = this.#tables.get(l1Index);
    if (table !== undefined) return this.#scan(table.table, offset, length);
    if (this.#l1.get(l1Index) !== UNALLOCATED) return null;
    const tableEnd = (l1Index + 1) * this.geometry.bytesPerTable;
    return ok({ offset, length: Math.min(length, tableEnd - offset), kind: 'unallocated' });
  }

  /** As {@link tryLocate}, reading the table where it is not in memory; answers at once where it is. */
  locate(offset: number, length: number): Result<Extent> | Promise<Result<Extent>> {
    return (
      this.tryLocate(offset, length) ??
      this.#loadTable(l1IndexOf(this.geometry, offset)).then((loaded) =>
        loaded.ok ? this.#scan(loaded.value.table, offset, length) : loaded,
      )
    );
  }

  /** Loads the table that covers `offset`, if there is one, and keeps it in memory until {@link unpin}. */
  async pin(offset: number): Promise<Result<void>> {
    const l1Index = l1IndexOf(this.geometry, offset);
    this.#tables.pin(l1Index);
    if (this.#l1.get(l1Index) === UNALLOCATED || this.#tables.get(l1Index) !== undefined) return DONE;
    const loaded = await this.#loadTable(l1Index);
    if (loaded.ok) return DONE;
    this.#tables.unpin(l1Index);
    return loaded;
  }

  unpin(offset: number): void {
    this.#tables.unpin(l1IndexOf(this.geometry, offset));
  }

  /**
   * Points `count` clusters from guest `offset` on at consecutive clusters from `fileOffset` on, or marks them zero.
   * Takes effect at once for readers and goes to disk with the next group. The run must lie in one pinned table, and
   * its data must be written.
   */
  publish(offset: number, count: number, fileOffset: number | 'zero'): void {
    const l1Index = l1IndexOf(this.geometry, offset);
    const entry = this.#tables.get(l1Index) ?? this.#createTable(l1Index);
    const first = l2IndexOf(this.geometry, offset);
    for (let i = 0; i < count; i++) {
      const value = fileOffset === 'zero' ? ZERO_CLUSTER : fileOffset + i * this.geometry.clusterBytes;
      entry.table.set(first + i, value);
    }
    this.#commit.changed(entry);
  }

  /** Makes everything acknowledged so far durable. */
  flush(): Promise<Result<void>> {
    return this.#commit.flush();
  }

  /**
   * Rewrites the backing reference, durably, after everything before it is durable. Fails with `no-space` when the
   * name does not fit the header clusters and with `unsupported` when unknown compatible features forbid it: they may
   * describe something behind the header (qed_spec, "compat_features").
   */
  async setBacking(reference: BackingReference | null): Promise<Result<void>> {
    const header = this.#header;
    const { BACKING_FILE, BACKING_FORMAT_NO_PROBE } = FEATURE;
    const featuresWithout = header.features & ~(BACKING_FILE | BACKING_FORMAT_NO_PROBE);
    if (reference === null) {
      const compatFeatures = header.compatFeatures & ~KNOWN_COMPAT_FEATURES;
      const changes = { features: featuresWithout, compatFeatures };
      const dropped = await this.#rewriteHeader({
        ...changes,
        backingNameOffset: HEADER_BYTES,
        backingNameBytes: 0,
      });
      if (dropped.ok) this.#backing = null;
      return dropped;
    }
    if ((header.compatFeatures & ~KNOWN_COMPAT_FEATURES) !== 0n) {
      return err(
        'unsupported',
        `'${this.file.path}' has unknown compatible features: its backing file name cannot be set safely`,
      );
    }
    const name = new TextEncoder().encode(reference.name);
    const place = this.#placeForName(name.length);
    if (name.length >= MAX_BACKING_NAME_BYTES || place === null) {
      return err('no-space', `'${this.file.path}': the backing file name of ${name.length} bytes is too long`);
    }
    const written = await this.file.write(place, name);
    if (!written.ok) return written;
    const changed = await this.#rewriteHeader({
      features: featuresWithout | BACKING_FILE | (reference.raw ? BACKING_FORMAT_NO_PROBE : 0n),
      backingNameOffset: place,
      backingNameBytes: name.length,
    });
    if (changed.ok) this.#backing = reference;
    return changed;
  }

  /** Sets the guest size, durably. The image must be opened anew afterwards: its tables are sized for the old one. */
  setImageBytes(imageBytes: number): Promise<Result<void>> {
    return this.#rewriteHeader({ imageBytes });
  }

  /** Clears the mark that asks for a check, durably, after one has been done. */
  clearNeedsCheck(): Promise<Result<void>> {
    return this.#rewriteHeader({ features: this.#header.features & ~FEATURE.NEED_CHECK });
  }

  /** Writes and syncs what is pending, cuts unused clusters off the end, and closes the file. */
  async close(): Promise<Result<void>> {
    const finished = this.file.readOnly ? DONE : await this.#finish();
    this.#commit.stop();
    const closed = await this.file.close();
    return finished.ok ? closed : finished;
  }

  async #finish(): Promise<Result<void>> {
    const flushed = await this.flush();
    if (!flushed.ok) return flushed;
    const endBefore = this.allocator.end;
    const end = this.allocator.trim();
    return end < endBefore ? this.file.setLength(end) : DONE;
  }

  get #headerBytes(): number {
    return this.#header.headerClusters * this.#header.clusterBytes;
  }

  /** Where a new backing name fits without touching the present one, so that a crash leaves one of the two whole. */
  #placeForName(nameBytes: number): number | null {
    const { backingNameOffset: oldStart, backingNameBytes } = this.#header;
    const oldEnd = hasBackingFile(this.#header) ? oldStart + backingNameBytes : HEADER_BYTES;
    if (oldEnd === HEADER_BYTES || HEADER_BYTES + nameBytes <= oldStart) return HEADER_BYTES;
    return oldEnd + nameBytes <= this.#headerBytes ? oldEnd : null;
  }

  async #rewriteHeader(changes: Partial<Header>): Promise<Result<void>> {
    const before = await this.flush();
    if (!before.ok) return before;
    const header = { ...this.#header, ...changes };
    const written = await this.file.write(0, encodeHeader(header));
    if (!written.ok) return written;
    this.#header = header;
    return this.file.sync();
  }

  /** Clears unknown autoclear features, and cuts off a torn last cluster, which no valid entry can refer to. */
  async #prepareForWriting(fileBytes: number): Promise<Result<void>> {
    if (fileBytes !== this.#usedEnd) {
      const cut = await this.file.setLength(this.#usedEnd);
      if (!cut.ok) return cut;
    }
    const autoclearFeatures = this.#header.autoclearFeatures & KNOWN_AUTOCLEAR_FEATURES;
    if (autoclearFeatures === this.#header.autoclearFeatures) return DONE;
    return this.#rewriteHeader({ autoclearFeatures });
  }

  #createTable(l1Index: number): L2Table {
    const fileOffset = this.allocator.take(this.geometry.tableClusters);
    const entry = { l1Index, fileOffset, table: this.#newL2Table(), stored: false };
    this.#tables.add(entry);
    this.#l1.set(l1Index, fileOffset);
    return entry;
  }

  #newL2Table(): Table {
    return new Table(l2EntriesUsed(this.geometry, this.#header.imageBytes));
  }

  #loadTable(l1Index: number): Promise<Result<L2Table>> {
    return this.#tables.load(l1Index, async () => {
      const fileOffset = this.#l1.get(l1Index);
      if (!this.isValidOffset(fileOffset, this.geometry.tableClusters)) {
        return err(
          'malformed',
          `'${this.file.path}': L1 entry ${l1Index} points to ${fileOffset}, which is not a table inside the file; ` +
            `check the image`,
        );
      }
      const table = this.#newL2Table();
      const read = await this.file.read(fileOffset, table.bytes);
      return read.ok ? ok({ l1Index, fileOffset, table, stored: true }) : read;
    });
  }

  /** True when `clusters` clusters from `fileOffset` on can belong to this image. */
  isValidOffset(fileOffset: number, clusters = 1): boolean {
    const { clusterBytes } = this.geometry;
    if (fileOffset % clusterBytes !== 0 || fileOffset < this.#headerBytes) return false;
    const end = fileOffset + clusters * clusterBytes;
    return end <= this.#usedEnd || end <= (this.#usedEnd = this.allocator.end);
  }

  #scan(table: Table, offset: number, length: number): Result<Extent> {
    const { clusterBytes, tableEntries } = this.geometry;
    const first = l2IndexOf(this.geometry, offset);
    const within = offset % clusterBytes;
    const entry = table.get(first);
    const isData = entry !== UNALLOCATED && entry !== ZERO_CLUSTER;
    const step = isData ? clusterBytes : 0;
    const limit = Math.min(tableEntries, first + Math.ceil((within + length) / clusterBytes));
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
 * written, as QEMU does; for reading it is taken as it is.
 */
async function readCheckedHeader(file: BlockFile): Promise<Result<{ header: Header; fileBytes: number }>> {
  const found = await readHeader(file);
  if (!found.ok || file.readOnly || (found.value.header.features & FEATURE.NEED_CHECK) === 0n) return found;
  const checked = await checkQed(file, 'all');
  return checked.ok ? readHeader(file) : checked;
}

async function readBackingName(file: BlockFile, header: Header): Promise<Result<BackingReference | null>> {
  if (!hasBackingFile(header)) return ok(null);
  const bytes = new Uint8Array(header.backingNameBytes);
  const count = await file.read(header.backingNameOffset, bytes);
  if (!count.ok) return count;
  try {
    const name = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (name.includes('\0')) {
      return err('malformed', `'${file.path}': backing_filename contains a NUL byte`);
    }
    return ok({ name, raw: (header.features & FEATURE.BACKING_FORMAT_NO_PROBE) !== 0n });
  } catch {
    return err('malformed', `'${file.path}': backing_filename is not valid UTF-8`);
  }
}
