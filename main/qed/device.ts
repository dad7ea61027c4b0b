import { DONE, err, ok, type Result } from '../../shared/result.ts';
import { alignDown, alignUp } from '../../shared/units.ts';
import { readPadded } from '../block/backing-read.ts';
import { checkRange, closedFailure, readOnlyFailure } from '../block/bounds.ts';
import type { BlockDevice, Extent } from '../block/device.ts';
import { InFlight } from '../block/in-flight.ts';
import type { Claim, OverlayDevice, Populated } from '../block/overlay.ts';
import type { Range } from '../block/range.ts';
import { ZEROES } from '../block/zeroes.ts';
import { AllocatingWriter } from './allocating-writer.ts';
import { ClusterHolds } from './cluster-holds.ts';
import { ClusterStore } from './cluster-store.ts';
import type { ContentStamp } from './content-stamp.ts';
import { DirectCopier, type ClusterCopier } from './copier.ts';
import type { BackingReference, QedImage } from './image.ts';
import { Population } from './population.ts';

/** The device behind an image, for as long as requests use it. */
interface Backing {
  readonly device: BlockDevice | null;
  readonly copier: ClusterCopier | null;
  readonly use: InFlight;
}

/**
 * A QED image as a disk: the read and write rules of the specification over one image file and, where it is an
 * overlay, its backing device. Copy-on-read is not done here but by whoever wraps the device.
 */
export class QedDevice implements OverlayDevice {
  readonly image: QedImage;
  readonly name: string;
  readonly readOnly: boolean;
  readonly clusterBytes: number;
  #backing: Backing;
  readonly #requests = new InFlight();
  readonly #holds: ClusterHolds;
  readonly #store: ClusterStore;
  readonly #writer: AllocatingWriter;
  readonly #population: Population;
  #closing: Promise<Result<void>> | null = null;

  /**
   * @param backing the device behind the image, owned and closed with it; null for an image without backing file
   * @param copier moves the data for {@link populate}; this thread does it where none is given
   */
  constructor(image: QedImage, backing: BlockDevice | null, copier?: ClusterCopier) {
    this.image = image;
    this.name = image.file.path;
    this.readOnly = image.file.readOnly;
    this.clusterBytes = image.geometry.clusterBytes;
    this.#holds = new ClusterHolds(image);
    this.#store = new ClusterStore(image.file, image.table.allocator, this.clusterBytes);
    this.#backing = this.#behind(backing, copier);
    this.#population = new Population(image, this.#holds, this.#store);
    this.#writer = new AllocatingWriter(image, this.#holds, this.#store, (offset, target) =>
      this.#readBacking(offset, target),
    );
  }

  get lengthBytes(): number {
    return this.image.imageBytes;
  }

  get backing(): BlockDevice | null {
    return this.#backing.device;
  }

  get remote(): boolean {
    return this.#backing.device?.remote ?? false;
  }

  async read(offset: number, target: Uint8Array): Promise<Result<void>> {
    const allowed = this.#checkRead(offset, target.length);
    if (!allowed.ok) return allowed;
    this.#requests.enter();
    try {
      for (let done = 0; done < target.length;) {
        const located = this.image.table.locate(offset + done, target.length - done);
        const extent = located instanceof Promise ? await located : located;
        if (!extent.ok) return extent;
        const { length } = extent.value;
        const piece = length === target.length ? target : target.subarray(done, done + length);
        const read = await this.#readExtent(extent.value, piece);
        if (!read.ok) return read;
        done += length;
      }
      return DONE;
    } finally {
      this.#requests.leave();
    }
  }

  async write(offset: number, data: Uint8Array): Promise<Result<void>> {
    const allowed = this.#checkWrite(offset, data.length);
    if (!allowed.ok) return allowed;
    this.#requests.enter();
    try {
      const named = this.image.contentStamp === null ? DONE : await this.image.clearContentStamp();
      return named.ok ? await this.#write(offset, data) : named;
    } finally {
      this.#requests.leave();
    }
  }

  async writeZeroes(offset: number, length: number): Promise<Result<void>> {
    const allowed = this.#checkWrite(offset, length);
    return allowed.ok ? this.#changing(() => this.#writeZeroes(offset, length)) : allowed;
  }

  /** Marks whole missing clusters as zero, so that they never have to be fetched. Data clusters keep their space. */
  async discard(offset: number, length: number): Promise<Result<void>> {
    const allowed = this.#checkWrite(offset, length);
    if (!allowed.ok) return allowed;
    const end = Math.min(offset + length, alignUp(this.backing?.lengthBytes ?? 0, this.clusterBytes));
    const last = end === this.lengthBytes ? end : alignDown(end, this.clusterBytes);
    const first = alignUp(offset, this.clusterBytes);
    return this.#changing(() => this.#writer.zeroUnallocated(first, last));
  }

  async flush(): Promise<Result<void>> {
    if (this.#closing !== null) return closedFailure(this);
    return this.readOnly ? DONE : this.#requests.track(() => this.image.flush());
  }

  async extentAt(offset: number, length: number): Promise<Result<Extent>> {
    const allowed = this.#checkRead(offset, length);
    return allowed.ok ? this.#requests.track(async () => this.image.table.locate(offset, length)) : allowed;
  }

  async findMissing(from: number, to: number, mostBytes?: number): Promise<Result<Range | null>> {
    if (this.#closing !== null) return closedFailure(this);
    return this.#requests.track(() => this.#population.findMissing(this.backing, from, to, mostBytes));
  }

  async populate(ranges: readonly Range[]): Promise<Result<Populated>> {
    if (this.#closing !== null) return closedFailure(this);
    if (this.readOnly) return readOnlyFailure(this);
    const { device, copier, use } = this.#backing;
    if (device === null || copier === null) {
      const skippedBytes = ranges.reduce((sum, range) => sum + range.length, 0);
      return ok({ dataBytes: 0, zeroBytes: 0, skippedBytes });
    }
    return this.#requests.track(() => use.track(() => this.#population.populate(device, copier, ranges)));
  }

  async claim(offset: number, limit: number): Promise<Result<Claim | null>> {
    const allowed = this.#checkWrite(offset, 0);
    if (!allowed.ok) return allowed;
    const { device, use } = this.#backing;
    if (device === null || offset >= this.lengthBytes) return ok(null);
    const claim = await this.#requests.track(() =>
      use.track(() => this.#population.claim(device, offset, limit)),
    );
    return claim.ok && claim.value !== null ? ok(this.#guardClaim(claim.value)) : claim;
  }

  isClaimed(offset: number): boolean {
    return this.#holds.isHeld(offset);
  }

  /** Clusters that somebody is filling or first writing at this moment. */
  claimed(): Iterable<Range> {
    return this.#holds.ranges();
  }

  async dropBacking(): Promise<Result<void>> {
    if (this.readOnly) return readOnlyFailure(this);
    const missing = await this.findMissing(0, this.lengthBytes);
    if (!missing.ok) return missing;
    if (missing.value !== null) {
      const { offset, length } = missing.value;
      return err('busy', `'${this.name}' still needs its backing file for ${length} bytes at ${offset}`);
    }
    return this.changeBacking(null, null);
  }

  /**
   * Puts another device behind the image and names it in the header, durably. The old device is closed once no
   * request uses it any more.
   */
  async changeBacking(reference: BackingReference | null, device: BlockDevice | null): Promise<Result<void>> {
    if (this.#closing !== null) return closedFailure(this);
    if (this.readOnly) return readOnlyFailure(this);
    const old = await this.#requests.track(async (): Promise<Result<Backing>> => {
      const changed = await this.image.setBacking(reference);
      if (!changed.ok) return changed;
      const before = this.#backing;
      this.#backing = this.#behind(device);
      return ok(before);
    });
    if (!old.ok) return old;
    await old.value.use.idle();
    return old.value.device === null ? DONE : old.value.device.close();
  }

  /**
   * Grows the disk to `lengthBytes`, a multiple of 512, durably; what is new reads as zeroes. Fails with
   * `unsupported` on a smaller size.
   */
  async resize(lengthBytes: number): Promise<Result<void>> {
    if (this.#closing !== null) return closedFailure(this);
    if (this.readOnly) return readOnlyFailure(this);
    const before = this.lengthBytes;
    return this.#changing(() => this.image.grow(lengthBytes, () => this.#clearFrom(before)));
  }

  /** See {@link QedImage.setContentStamp}: writes that come later take it away before they change anything. */
  async stampContent(stamp: ContentStamp): Promise<Result<void>> {
    if (this.#closing !== null) return closedFailure(this);
    if (this.readOnly) return readOnlyFailure(this);
    return this.#requests.track(() => this.image.setContentStamp(stamp));
  }

  /** Waits for the requests under way; further ones fail. Claims that are still held cannot be stored any more. */
  close(): Promise<Result<void>> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<Result<void>> {
    await this.#requests.idle();
    const image = await this.image.close();
    const backing = (await this.backing?.close()) ?? DONE;
    return image.ok ? backing : image;
  }

  /** Does what a guest will see, after the name of what it saw so far is gone. */
  #changing(change: () => Promise<Result<void>>): Promise<Result<void>> {
    return this.#requests.track(async () => {
      const named = this.image.contentStamp === null ? DONE : await this.image.clearContentStamp();
      return named.ok ? change() : named;
    });
  }

  async #write(offset: number, data: Uint8Array): Promise<Result<void>> {
    for (let done = 0; done < data.length;) {
      const located = this.image.table.locate(offset + done, data.length - done);
      const extent = located instanceof Promise ? await located : located;
      if (!extent.ok) return extent;
      const { kind, length, fileOffset } = extent.value;
      if (kind === 'data') {
        const piece = length === data.length ? data : data.subarray(done, done + length);
        const written = await this.image.file.write(fileOffset ?? 0, piece);
        if (!written.ok) return written;
        done += length;
      } else {
        const written = await this.#writer.write(offset + done, data.subarray(done));
        if (!written.ok) return written;
        done += written.value;
      }
    }
    return DONE;
  }

  async #writeZeroes(offset: number, length: number): Promise<Result<void>> {
    const end = offset + length;
    const first = Math.min(end, alignUp(offset, this.clusterBytes));
    const last = end === this.lengthBytes ? end : Math.max(first, alignDown(end, this.clusterBytes));
    const head = await this.#zeroPart(offset, first);
    if (!head.ok) return head;
    const middle = await this.#writer.zeroClusters(first, last);
    return middle.ok ? this.#zeroPart(last, end) : middle;
  }

  /** Zeroes a part of one cluster. */
  async #zeroPart(start: number, end: number): Promise<Result<void>> {
    if (start === end) return DONE;
    const extent = await this.image.table.locate(start, end - start);
    if (!extent.ok) return extent;
    if (extent.value.kind === 'zero') return DONE;
    for (let offset = start; offset < end; offset += ZEROES.length) {
      const written = await this.#write(offset, ZEROES.subarray(0, Math.min(ZEROES.length, end - offset)));
      if (!written.ok) return written;
    }
    return DONE;
  }

  /** Makes all from `start` on zero where something would show through: left-over data, or a longer backing file. */
  async #clearFrom(start: number): Promise<Result<void>> {
    const backingEnd = alignUp(this.backing?.lengthBytes ?? 0, this.clusterBytes);
    for (let offset = start; offset < this.lengthBytes;) {
      const extent = await this.image.table.locate(offset, this.lengthBytes - offset);
      if (!extent.ok) return extent;
      const { kind, length } = extent.value;
      const visible = kind === 'unallocated' ? Math.min(length, backingEnd - offset) : length;
      const cleared = visible > 0 ? await this.#writeZeroes(offset, visible) : DONE;
      if (!cleared.ok) return cleared;
      offset += length;
    }
    return DONE;
  }

  async #readExtent({ offset, kind, fileOffset }: Extent, target: Uint8Array): Promise<Result<void>> {
    if (kind === 'unallocated') return this.#readBacking(offset, target);
    if (kind === 'zero') {
      target.fill(0);
      return DONE;
    }
    const count = await this.image.file.read(fileOffset ?? 0, target);
    if (!count.ok) return count;
    // The last cluster of the file may be shorter than the entry promises: what was never written is zero.
    if (count.value < target.length) target.fill(0, count.value);
    return DONE;
  }

  #readBacking(offset: number, target: Uint8Array): Promise<Result<void>> {
    const { device, use } = this.#backing;
    return use.track(() => readPadded(device, offset, target));
  }

  #behind(device: BlockDevice | null, copier?: ClusterCopier): Backing {
    const direct = device && new DirectCopier(device, this.#store, this.clusterBytes);
    return { device, copier: copier ?? direct, use: new InFlight() };
  }

  /** A claim outlives the request that made it, but not the device. */
  #guardClaim(claim: Claim): Claim {
    const store = async (data: Uint8Array): Promise<Result<Populated>> =>
      this.#closing === null ? this.#requests.track(() => claim.store(data)) : closedFailure(this);
    return { ...claim, store };
  }

  #checkRead(offset: number, length: number): Result<void> {
    return this.#closing === null ? checkRange(this, offset, length) : closedFailure(this);
  }

  #checkWrite(offset: number, length: number): Result<void> {
    return this.readOnly ? readOnlyFailure(this) : this.#checkRead(offset, length);
  }
}
