import type { Result } from '../../shared/result.ts';
import { checkRange, closedFailure, readOnlyFailure } from './bounds.ts';
import type { BlockDevice, Extent } from './device.ts';

/** What every device has in common that can only be read: it refuses to be changed, and has nothing to make durable. */
export abstract class ReadOnlyDevice implements BlockDevice {
  abstract readonly name: string;
  abstract readonly lengthBytes: number;
  abstract readonly remote: boolean;
  readonly readOnly = true;
  /** Set by {@link close}: what comes after it is refused. */
  protected closed = false;

  abstract read(offset: number, target: Uint8Array): Promise<Result<void>>;
  abstract extentAt(offset: number, length: number): Promise<Result<Extent>>;
  abstract close(): Promise<Result<void>>;

  async write(): Promise<Result<void>> {
    return this.#refuse();
  }

  async writeZeroes(): Promise<Result<void>> {
    return this.#refuse();
  }

  async discard(): Promise<Result<void>> {
    return this.#refuse();
  }

  async flush(): Promise<Result<void>> {
    return this.checkRead(0, 0);
  }

  /** That a request lies inside the device, and comes before its end. */
  protected checkRead(offset: number, length: number): Result<void> {
    return this.closed ? closedFailure(this) : checkRange(this, offset, length);
  }

  #refuse() {
    return this.closed ? closedFailure(this) : readOnlyFailure(this);
  }
}
