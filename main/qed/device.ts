import { DONE, err, ok, type Result } from '../../shared/result.ts';
import { alignDown, alignUp } from '../../shared/units.ts';
import { readPadded } from '../block/backing-read.ts';
import { checkRange, readOnlyFailure } from '../block/bounds.ts';
import type { BlockDevice, Extent } from '../block/device.ts';
import { InFlight } from '../block/in-flight.ts';
import type { Claim, OverlayDevice, Populated } from '../block/overlay.ts';
import { rangeEnd, type Range } from '../block/range.ts';
import { ZEROES } from '../block/zeroes.ts';
import { AllocatingWriter } from './allocating-writer.ts';
import { ClusterHolds } from './cluster-holds.ts';
import { ClusterStore } from './cluster-store.ts';
import { DirectCopier, type ClusterCopier } from './copier.ts';
import type { BackingReference, QedImage } from './image.ts';
import { Population } from './population.ts';

/**
 * A QED image as a disk: the read and write rules of the specification over one image file and, where it is an
 * overlay, its backing device. Copy-on-read is not done here but by whoever wraps the device.
 */
export class QedDevice implements OverlayDevice {
  readonly image: QedImage;
  readonly name: string;
  readonly readOnly: boolean;
  readonly clusterBytes: number;
  #backing: BlockDevice | null;
  #copier: ClusterCopier | null;
  readonly #backingUse = new InFlight();
  readonly #holds: ClusterHolds;
  readonly #store: ClusterStore;
  readonly #writer: AllocatingWriter;
  readonly #population: Population;
  #closed = false;

  /**
   * @param backing the device behind the image, owned and closed with it; null for an image without backing file
   * @param copier moves the data for {@link populate}; this thread does it where none is given
   */
  constructor(image: QedImage, backing: BlockDevice | null, copier?: ClusterCopier) {
    this.image = image;
    this.name = image.file.path;
    this.readOnly = image.file.readOnly;
    this.clusterBytes = image.geometry.clusterBytes;
    this.#backing = backing;
    this.#holds = new ClusterHolds(image);
    this.#store = new ClusterStore(image.file, image.allocator, this.clusterBytes);
    this.#copier = copier ?? this.#directCopier(backing);
    this.#population = new Population(image, this.#holds, this.#store);
    this.#writer = new AllocatingWriter(image, this.#holds, this.#store, (offset, target) =>
      this.#readBacking(offset, target),
    );
  }

  get lengthBytes(): number {
    return this.image.imageBytes;
  }

  get backing(): BlockDevice | null {
    return this.#backing;
  }

  get remote(): boolean {
    return this.#backing?.remote ?? false;
  }

  async read(offset: number, target: Uint8Array): Promise<Result<void>> {
    const allowed = this.#checkRead(offset, target.length);
    if (!allowed.ok) return allowed;
    for (let done = 0; done < target.length; ) {
      const extent = await this.image.locate(offset + done, target.length - done);
      if (!extent.ok) return extent;
      const { length } = extent.value;
      const piece = length === target.length ? target : target.subarray(done, done + length);
      const read = await this.#readExtent(extent.value, piece);
      if (!read.ok) return read;
      done += length;
    }
    return DONE;
  }

  async write(offset: number, data: Uint8Array): Promise<Result<void>> {
    const allowed = this.#checkWrite(offset, data.length);
    if (!allowed.ok) return allowed;
    for (let done = 0; done < data.length; ) {
      const extent = await this.image.locate(offset + done, data.length - done);
      if (!extent.ok) return extent;
      const { kind, length, fileOffset } = extent.value;
      if (kind === 'data') {
        const written = await this.image.file.write(fileOffset ?? 0, data.subarray(done, done + length));
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

  async writeZeroes(offset: number, length: number): Promise<Result<void>> {
    const allowed = this.#checkWrite(offset, length);
    if (!allowed.ok) return allowed;
    const end = offset + length;
    const first = Math.min(end, alignUp(offset, this.clusterBytes));
    const last = end === this.lengthBytes ? end : Math.max(first, alignDown(end, this.clusterBytes));
    const head = await this.#zeroPart(offset, first);
    if (!head.ok) return head;
    const middle = await this.#writer.zeroClusters(first, last);
    return middle.ok ? this.#zeroPart(last, end) : middle;
  }

  /** Marks whole missing clusters as zero, so that they never have to be fetched. Data clusters keep their space. */
  async discard(offset: number, length: number): Promise<Result<void>> {
    const allowed = this.#checkWrite(offset, length);
    if (!allowed.ok) return allowed;
    const end = offset + length;
    const last = end === this.lengthBytes ? end : alignDown(end, this.clusterBytes);
    for (let position = alignUp(offset, this.clusterBytes); position < last; ) {
      const missing = await this.findMissing(position, last);
      if (!missing.ok) return missing;
      if (missing.value === null) return DONE;
      position = rangeEnd(missing.value);
      const zeroed = await this.#writer.zeroClusters(missing.value.offset, position);
      if (!zeroed.ok) return zeroed;
    }
    return DONE;
  }

  async flush(): Promise<Result<void>> {
    if (this.#closed) return this.#closedFailure();
    return this.readOnly ? DONE : this.image.flush();
  }

  async extentAt(offset: number, length: number): Promise<Result<Extent>> {
    const allowed = this.#checkRead(offset, length);
    return allowed.ok ? this.image.locate(offset, length) : allowed;
  }

  async findMissing(from: number, to: number): Promise<Result<Range | null>> {
    if (this.#closed) return this.#closedFailure();
    return this.#population.findMissing(this.#backing, from, to);
  }

  async populate(ranges: readonly Range[]): Promise<Result<Populated>> {
    if (this.#closed) return this.#closedFailure();
    if (this.readOnly) return readOnlyFailure(this);
    const backing = this.#backing;
    const copier = this.#copier;
    if (backing === null || copier === null) {
      const skippedBytes = ranges.reduce((sum, range) => sum + range.length, 0);
      return ok({ dataBytes: 0, zeroBytes: 0, skippedBytes });
    }
    return this.#backingUse.track(() => this.#population.populate(backing, copier, ranges));
  }

  async claim(offset: number, limit: number): Promise<Result<Claim | null>> {
    const allowed = this.#checkWrite(offset, 0);
    if (!allowed.ok) return allowed;
    return this.#backing === null ? ok(null) : this.#population.claim(this.#backing, offset, limit);
  }

  isClaimed(offset: number): boolean {
    return this.#holds.isHeld(offset);
  }

  async dropBacking(): Promise<Result<void>> {
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
  async changeBacking(
    reference: BackingReference | null,
    device: BlockDevice | null,
  ): Promise<Result<void>> {
    if (this.readOnly) return readOnlyFailure(this);
    const changed = await this.image.setBacking(reference);
    if (!changed.ok) return changed;
    const old = this.#backing;
    this.#backing = device;
    this.#copier = this.#directCopier(device);
    await this.#backingUse.idle();
    return old === null ? DONE : old.close();
  }

  async close(): Promise<Result<void>> {
    if (this.#closed) return DONE;
    this.#closed = true;
    const image = await this.image.close();
    await this.#backingUse.idle();
    const backing = this.#backing === null ? DONE : await this.#backing.close();
    return image.ok ? backing : image;
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
    const backing = this.#backing;
    return this.#backingUse.track(() => readPadded(backing, offset, target));
  }

  async #zeroPart(start: number, end: number): Promise<Result<void>> {
    if (start === end) return DONE;
    const extent = await this.image.locate(start, end - start);
    if (!extent.ok) return extent;
    if (extent.value.kind === 'zero') return DONE;
    for (let offset = start; offset < end; offset += ZEROES.length) {
      const written = await this.write(offset, ZEROES.subarray(0, Math.min(ZEROES.length, end - offset)));
      if (!written.ok) return written;
    }
    return DONE;
  }

  #directCopier(source: BlockDevice | null): ClusterCopier | null {
    return source && new DirectCopier(source, this.#store, this.clusterBytes);
  }

  #checkRead(offset: number, length: number): Result<void> {
    return this.#closed ? this.#closedFailure() : checkRange(this, offset, length);
  }

  #checkWrite(offset: number, length: number): Result<void> {
    return this.readOnly ? readOnlyFailure(this) : this.#checkRead(offset, length);
  }

  #closedFailure() {
    return err('closed', `'${this.name}' is closed`);
  }
}
