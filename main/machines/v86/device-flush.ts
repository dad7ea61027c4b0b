import type { Failure, Result } from '../../../shared/result.ts';
import type { DriveDevice } from './disk.ts';
import type { StallWatch, Watch } from './stall.ts';

/** Flushes the disk. While that fails the guest stands still, until a later flush succeeds. */
export class DeviceFlush {
  readonly #device: Pick<DriveDevice, 'flush'>;
  readonly #stall: StallWatch;
  readonly #onLost: (failure: Failure) => void;
  /** Present while a flush has failed and none has succeeded since. */
  #failed: Watch | null = null;

  /** @param onLost hears that the disk's thread is gone */
  constructor(device: Pick<DriveDevice, 'flush'>, stall: StallWatch, onLost: (failure: Failure) => void) {
    this.#device = device;
    this.#stall = stall;
    this.#onLost = onLost;
  }

  get hasFailed(): boolean {
    return this.#failed !== null;
  }

  async flush(): Promise<Result<void>> {
    const result = await this.#device.flush();
    if (result.ok) {
      this.#failed?.end();
      this.#failed = null;
    } else {
      this.#failed ??= this.#stall.begin({ operation: 'flush', offset: 0, length: 0, retries: 'on-resume' });
      this.#failed.failed(result.failure);
      if (result.failure.code === 'closed') this.#onLost(result.failure);
    }
    return result;
  }
}
