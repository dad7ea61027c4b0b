import { DONE, ok, type Result } from '../../shared/result.ts';
import { readOnlyFailure } from './bounds.ts';
import type { BlockDevice } from './device.ts';
import type { BlockFile } from './file.ts';

/** A device seen as a read-only file, so that an image format can lie on it: a QED image on a web server. */
export class DeviceFile implements BlockFile {
  readonly readOnly = true;
  readonly path: string;
  readonly #device: BlockDevice;

  constructor(device: BlockDevice) {
    this.#device = device;
    this.path = device.name;
  }

  async read(position: number, target: Uint8Array): Promise<Result<number>> {
    const count = Math.max(0, Math.min(target.length, this.#device.lengthBytes - position));
    const read = await this.#device.read(position, target.subarray(0, count));
    return read.ok ? ok(count) : read;
  }

  async write(): Promise<Result<void>> {
    return readOnlyFailure(this.#device);
  }

  async sync(): Promise<Result<void>> {
    return DONE;
  }

  async length(): Promise<Result<number>> {
    return ok(this.#device.lengthBytes);
  }

  async setLength(): Promise<Result<void>> {
    return readOnlyFailure(this.#device);
  }

  close(): Promise<Result<void>> {
    return this.#device.close();
  }
}
