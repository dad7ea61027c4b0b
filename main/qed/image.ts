import { DONE, err, ok, type Result } from '../../shared/result.ts';
import { alignDown, isAligned, SECTOR_BYTES } from '../../shared/units.ts';
import type { BlockFile } from '../block/file.ts';
import { checkQed } from './check.ts';
import { markStamped, readContentStamp, type ContentStamp } from './content-stamp.ts';
import { COMPAT_FEATURE, FEATURE } from './format.ts';
import type { Geometry } from './geometry.ts';
import { HeaderRecord, readBackingName, type BackingReference } from './header-record.ts';
import { readHeader, type Header } from './header.ts';
import { TwoLevelTable, type TwoLevelTableOptions } from './two-level-table.ts';

export type { BackingReference };

export interface QedImageOptions extends TwoLevelTableOptions {
  /**
   * Keeps the content stamp until {@link QedImage.clearContentStamp}: for who clears it before a guest could see a change.
   * Otherwise it is cleared when the image is opened for writing.
   */
  readonly keepContentStamp?: boolean;
}

/**
 * An open QED image: its header and its table. Knows where every guest byte is stored, not what it means: reading and
 * writing guest data is {@link QedDevice}'s.
 *
 * One thread owns an image; copiers in other threads only take space from its {@link Allocator} (ADR 1).
 */
export class QedImage {
  readonly file: BlockFile;
  readonly table: TwoLevelTable;
  readonly #header: HeaderRecord;
  #imageBytes: number;

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
    const loaded = await image.table.load();
    return loaded.ok ? ok(image) : loaded;
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
    this.#imageBytes = header.imageBytes;
    this.#header = new HeaderRecord(file, header, backing, stamp, () => this.flush());
    this.table = new TwoLevelTable(file, header, fileBytes, options);
  }

  get geometry(): Geometry {
    return this.table.geometry;
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

  /** Makes everything acknowledged so far durable. After a failed sync it fails for good: open the image anew. */
  flush(): Promise<Result<void>> {
    return this.table.flush();
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
    const room = await this.table.grow(imageBytes);
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
    this.table.stop();
    if (!finished.ok && finished.failure.code === 'no-space') await this.#cutUnnamed();
    const closed = await this.file.close();
    return finished.ok ? closed : finished;
  }

  async #finish(): Promise<Result<void>> {
    const flushed = await this.flush();
    if (!flushed.ok) return flushed;
    const endBefore = this.table.allocator.end;
    const end = this.table.allocator.trim();
    return end < endBefore ? this.file.setLength(end) : DONE;
  }

  /** What no entry on the disk names is lost with the image's memory: its space is given back, as far as it can be. */
  async #cutUnnamed(): Promise<void> {
    await checkQed(this.file, 'leaks');
  }

  /** Clears autoclear features, and cuts off a torn last cluster, which no valid entry can refer to. */
  async #prepareForWriting(
    fileBytes: number,
    { keepContentStamp = false }: QedImageOptions,
  ): Promise<Result<void>> {
    const usedEnd = alignDown(fileBytes, this.geometry.clusterBytes);
    if (fileBytes !== usedEnd) {
      const cut = await this.file.setLength(usedEnd);
      if (!cut.ok) return cut;
    }
    const keep = keepContentStamp && this.contentStamp !== null;
    const { autoclearFeatures } = markStamped({ ...this.header, autoclearFeatures: 0n }, keep);
    if (this.header.autoclearFeatures === autoclearFeatures) return DONE;
    const cleared = await this.#header.rewrite(() => ({ autoclearFeatures }));
    return cleared.ok && !keep ? this.clearContentStamp() : cleared;
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
