import type { Result } from '../../shared/result.ts';
import type { BlockDevice, Extent } from './device.ts';
import { knownFrom, type KnownParts } from './known-parts.ts';
import { ReadOnlyDevice } from './read-only-device.ts';

/**
 * A source in front of which lies what comes another way: a read that this covers is answered from it, without the
 * source having been opened at all. Everything else is the source's.
 */
export class PartsFirst extends ReadOnlyDevice {
  readonly name: string;
  readonly lengthBytes: number;
  readonly remote: boolean;
  readonly #source: BlockDevice;
  readonly #parts: KnownParts;

  constructor(source: BlockDevice, parts: KnownParts) {
    super();
    this.name = source.name;
    this.lengthBytes = source.lengthBytes;
    this.remote = source.remote;
    this.#source = source;
    this.#parts = parts;
  }

  async read(offset: number, target: Uint8Array): Promise<Result<void>> {
    const { length } = target;
    const valid = this.checkRead(offset, length);
    if (!valid.ok || length === 0) return valid;
    if ((await knownFrom(this.#parts, { offset, length })) === length) {
      const read = await this.#parts.read(offset, target);
      if (read.ok) return read;
    }
    return this.#source.read(offset, target);
  }

  extentAt(offset: number, length: number): Promise<Result<Extent>> {
    return this.#source.extentAt(offset, length);
  }

  close(): Promise<Result<void>> {
    this.closed = true;
    return this.#source.close();
  }
}
