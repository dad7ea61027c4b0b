import { DONE, ok, type Result } from '../../../../../shared/result.ts';
import { alignUp, SECTOR_BYTES } from '../../../../../shared/units.ts';
import { readPadded } from '../../../../block/backing-read.ts';
import { checkRange, readOnlyFailure } from '../../../../block/bounds.ts';
import type { BlockDevice, Extent } from '../../../../block/device.ts';
import { RawDevice } from '../../../../block/raw.ts';

/**
 * A raw image in whole sectors, as QEMU shows it: what is missing of the last sector reads as zeroes, and a write
 * there makes the file longer.
 */
export class SectorDevice implements BlockDevice {
  readonly #inner: BlockDevice;

  constructor(inner: BlockDevice) {
    this.#inner = inner;
  }

  get name(): string {
    return this.#inner.name;
  }

  get lengthBytes(): number {
    return alignUp(this.#inner.lengthBytes, SECTOR_BYTES);
  }

  get readOnly(): boolean {
    return this.#inner.readOnly;
  }

  get remote(): boolean {
    return this.#inner.remote;
  }

  async read(offset: number, target: Uint8Array): Promise<Result<void>> {
    const range = checkRange(this, offset, target.length);
    return range.ok ? readPadded(this.#inner, offset, target) : range;
  }

  async write(offset: number, data: Uint8Array): Promise<Result<void>> {
    const room = await this.#makeRoom(offset, data.length);
    return room.ok ? this.#inner.write(offset, data) : room;
  }

  async writeZeroes(offset: number, length: number): Promise<Result<void>> {
    const room = await this.#makeRoom(offset, length);
    return room.ok ? this.#inner.writeZeroes(offset, length) : room;
  }

  async discard(offset: number, length: number): Promise<Result<void>> {
    const range = checkRange(this, offset, length);
    if (!range.ok) return range;
    const stored = Math.max(0, Math.min(length, this.#inner.lengthBytes - offset));
    return stored === 0 ? DONE : this.#inner.discard(offset, stored);
  }

  flush(): Promise<Result<void>> {
    return this.#inner.flush();
  }

  async extentAt(offset: number, length: number): Promise<Result<Extent>> {
    const range = checkRange(this, offset, length);
    if (!range.ok) return range;
    const stored = this.#inner.lengthBytes - offset;
    if (stored <= 0) return ok({ offset, length, kind: 'data', fileOffset: offset });
    const extent = await this.#inner.extentAt(offset, Math.min(length, stored));
    if (!extent.ok || extent.value.length < stored) return extent;
    return ok({ ...extent.value, length });
  }

  /** Grows or cuts the image to `lengthBytes`. */
  async resize(lengthBytes: number): Promise<Result<void>> {
    return this.#inner instanceof RawDevice ? this.#inner.resize(lengthBytes) : readOnlyFailure(this);
  }

  close(): Promise<Result<void>> {
    return this.#inner.close();
  }

  async #makeRoom(offset: number, length: number): Promise<Result<void>> {
    const range = checkRange(this, offset, length);
    if (!range.ok || offset + length <= this.#inner.lengthBytes) return range;
    return this.resize(offset + length);
  }
}
