import type { Clock } from '../../../shared/clock.ts';
import type { Failure, Result } from '../../../shared/result.ts';
import { DeviceFlush } from './device-flush.ts';
import { GuestDrive, type DriveDevice } from './disk.ts';
import { Durability } from './durability.ts';
import { Retry } from './retry.ts';
import { StallWatch, type StallEvents, type StallLimits } from './stall.ts';

export interface StorageEvents extends StallEvents {
  /** The disk's thread is gone. */
  onLost(failure: Failure): void;
}

/** A guest's drive with all that stands behind it: what is slow or fails is waited for, what is written becomes durable. */
export class GuestStorage {
  readonly drive: GuestDrive;
  readonly #stall: StallWatch;
  readonly #retry: Retry;
  readonly #deviceFlush: DeviceFlush;
  readonly #durability: Durability;

  constructor(clock: Clock, limits: StallLimits, device: DriveDevice, events: StorageEvents) {
    const onLost = (failure: Failure) => events.onLost(failure);
    this.#stall = new StallWatch(clock, limits, events);
    this.#retry = new Retry(clock);
    this.#deviceFlush = new DeviceFlush(device, this.#stall, onLost);
    this.#durability = new Durability(clock, () => this.#deviceFlush.flush());
    this.drive = new GuestDrive(device, {
      stall: this.#stall,
      retry: this.#retry,
      durability: this.#durability,
      onLost,
    });
  }

  /** Makes durable what was answered. */
  flush(): Promise<Result<void>> {
    return this.#durability.flush();
  }

  /** Ends the writes under way and makes everything durable. */
  async store(): Promise<Result<void>> {
    const written = await this.drive.settleWrites();
    return written.ok ? this.flush() : written;
  }

  /** What has failed is tried again now. */
  tryAgain(): void {
    this.#retry.kick();
    if (this.#deviceFlush.hasFailed) void this.flush(); // what it fails with is told as a wait
  }

  /** Nothing is waited for any more. */
  dispose(): void {
    this.#stall.dispose();
  }
}
