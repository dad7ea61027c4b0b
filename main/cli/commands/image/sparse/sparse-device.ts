import { ok, type Result } from '../../../../../shared/result.ts';
import type { BlockDevice, Extent } from '../../../../block/device.ts';
import { rangeEnd, type Range } from '../../../../block/range.ts';

/** A raw image that knows where its file has holes. For reading. */
export class SparseDevice implements BlockDevice {
  readonly readOnly = true;
  readonly remote = false;
  readonly name: string;
  readonly lengthBytes: number;
  readonly #device: BlockDevice;
  readonly #stored: readonly Range[];

  /** @param stored the stretches that are stored, in order */
  constructor(device: BlockDevice, stored: readonly Range[]) {
    this.#device = device;
    this.#stored = stored;
    this.name = device.name;
    this.lengthBytes = device.lengthBytes;
  }

  read(offset: number, target: Uint8Array): Promise<Result<void>> {
    return this.#device.read(offset, target);
  }

  write(offset: number, data: Uint8Array): Promise<Result<void>> {
    return this.#device.write(offset, data);
  }

  writeZeroes(offset: number, length: number): Promise<Result<void>> {
    return this.#device.writeZeroes(offset, length);
  }

  discard(offset: number, length: number): Promise<Result<void>> {
    return this.#device.discard(offset, length);
  }

  flush(): Promise<Result<void>> {
    return this.#device.flush();
  }

  async extentAt(offset: number, length: number): Promise<Result<Extent>> {
    const extent = await this.#device.extentAt(offset, length);
    if (!extent.ok || extent.value.kind !== 'data') return extent;
    const stored = this.#stored[this.#firstEndingAfter(offset)];
    const isStored = stored !== undefined && stored.offset <= offset;
    const end = stored === undefined ? Infinity : isStored ? rangeEnd(stored) : stored.offset;
    const reach = Math.min(extent.value.length, end - offset);
    return ok({ ...extent.value, length: reach, kind: isStored ? 'data' : 'zero' });
  }

  close(): Promise<Result<void>> {
    return this.#device.close();
  }

  #firstEndingAfter(offset: number): number {
    let [low, high] = [0, this.#stored.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const range = this.#stored[middle];
      if (range !== undefined && rangeEnd(range) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
