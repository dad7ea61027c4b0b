import { DONE, err, ok, type Result } from '../../../../shared/result.ts';
import { checkRange } from '../../../block/bounds.ts';
import type { BlockDevice, Extent } from '../../../block/device.ts';
import { isZero } from '../../../block/zeroes.ts';
import type { DiskModes } from './disk-modes.ts';

/** A disk as clients are to see it. Fails where the offset lies behind its end. */
export function shapedDevice(inner: BlockDevice, modes: DiskModes): Result<BlockDevice> {
  const { offsetBytes, writethrough, noFlush, discards, detectZeroes } = modes;
  if (offsetBytes > inner.lengthBytes) {
    const size = `size of the containing file (${inner.lengthBytes})`;
    return err('invalid-argument', `Offset (${offsetBytes}) cannot be greater than ${size}`);
  }
  const plain = offsetBytes === 0 && !writethrough && !noFlush && discards && !detectZeroes;
  return ok(plain ? inner : new ShapedDevice(inner, modes));
}

/** A disk from an offset on, whose writes, flushes and discards are treated as {@link DiskModes} say. */
class ShapedDevice implements BlockDevice {
  readonly #inner: BlockDevice;
  readonly #modes: DiskModes;

  constructor(inner: BlockDevice, modes: DiskModes) {
    this.#inner = inner;
    this.#modes = modes;
  }

  get name(): string {
    return this.#inner.name;
  }

  get lengthBytes(): number {
    return this.#inner.lengthBytes - this.#modes.offsetBytes;
  }

  get readOnly(): boolean {
    return this.#inner.readOnly;
  }

  get remote(): boolean {
    return this.#inner.remote;
  }

  async read(offset: number, target: Uint8Array): Promise<Result<void>> {
    const range = checkRange(this, offset, target.length);
    return range.ok ? this.#inner.read(this.#innerOf(offset), target) : range;
  }

  async write(offset: number, data: Uint8Array): Promise<Result<void>> {
    if (this.#modes.detectZeroes && isZero(data)) return this.writeZeroes(offset, data.length);
    const range = checkRange(this, offset, data.length);
    return range.ok ? this.#written(await this.#inner.write(this.#innerOf(offset), data)) : range;
  }

  async writeZeroes(offset: number, length: number): Promise<Result<void>> {
    const range = checkRange(this, offset, length);
    return range.ok ? this.#written(await this.#inner.writeZeroes(this.#innerOf(offset), length)) : range;
  }

  async discard(offset: number, length: number): Promise<Result<void>> {
    const range = checkRange(this, offset, length);
    if (!range.ok || !this.#modes.discards) return range;
    return this.#inner.discard(this.#innerOf(offset), length);
  }

  async flush(): Promise<Result<void>> {
    return this.#modes.noFlush ? DONE : this.#inner.flush();
  }

  async extentAt(offset: number, length: number): Promise<Result<Extent>> {
    const range = checkRange(this, offset, length);
    if (!range.ok) return range;
    const extent = await this.#inner.extentAt(this.#innerOf(offset), length);
    return extent.ok ? ok({ ...extent.value, offset }) : extent;
  }

  close(): Promise<Result<void>> {
    return this.#inner.close();
  }

  async #written(result: Result<void>): Promise<Result<void>> {
    return result.ok && this.#modes.writethrough ? this.#inner.flush() : result;
  }

  #innerOf(offset: number): number {
    return offset + this.#modes.offsetBytes;
  }
}
