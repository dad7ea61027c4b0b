import { DONE, ok, type Result } from '../../../shared/result.ts';
import type { BlockDevice, Extent } from '../../block/device.ts';
import { ReadOnlyDevice } from '../../block/read-only-device.ts';

/**
 * A disk as overlays in other threads may use it that lie on it: to read, and no more. They need to know nothing of
 * where it gets its bytes from: what is far away is fetched, kept and waited for by the disk itself.
 */
export class ReadView extends ReadOnlyDevice {
  /** Whoever reads in large pieces or ahead, as one does from far away, would do what the disk does already. */
  readonly remote = false;
  readonly #device: BlockDevice;

  constructor(device: BlockDevice) {
    super();
    this.#device = device;
  }

  get name(): string {
    return this.#device.name;
  }

  get lengthBytes(): number {
    return this.#device.lengthBytes;
  }

  read(offset: number, target: Uint8Array): Promise<Result<void>> {
    return this.#device.read(offset, target);
  }

  /** What is not stored in the disk itself is `data`: nobody here can look at what lies behind it. */
  async extentAt(offset: number, length: number): Promise<Result<Extent>> {
    const extent = await this.#device.extentAt(offset, length);
    if (!extent.ok) return extent;
    const { kind, ...range } = extent.value;
    return ok(kind === 'zero' ? extent.value : { offset: range.offset, length: range.length, kind: 'data' });
  }

  /** The disk is not the reader's to close. */
  async close(): Promise<Result<void>> {
    return DONE;
  }
}
