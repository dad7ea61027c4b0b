import type { Clock } from '../../../shared/clock.ts';
import type { Failure } from '../../../shared/result.ts';
import type { DiskThread } from '../../storage/disk/disk-thread.ts';
import { NO_PROGRESS, type DiskWait, type MachineProgress } from '../machine.ts';

export type WatchedDisk = Pick<DiskThread, 'status' | 'flush'>;

export interface DiskWatchEvents {
  readonly onProgress: (progress: MachineProgress) => void;
  /** Reads wait for a source that does not answer; null when they do no longer. */
  readonly onSlow: (wait: DiskWait | null) => void;
  /** The disk is gone: its thread has died. */
  readonly onLost: (failure: Failure) => void;
}

const EVERY_MS = 1000;

/** Looks every second at a disk whose requests go past us, and at what of them can be told. */
export class DiskWatch {
  readonly #disk: WatchedDisk;
  readonly #clock: Clock;
  readonly #events: DiskWatchEvents;
  #cancel: (() => void) | null = null;
  /** When reads began to wait. */
  #sinceMs: number | null = null;

  constructor(disk: WatchedDisk, clock: Clock, events: DiskWatchEvents) {
    this.#disk = disk;
    this.#clock = clock;
    this.#events = events;
  }

  start(): void {
    this.stop();
    this.#again();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#sinceMs = null;
  }

  #again(): void {
    this.#cancel = this.#clock.after(EVERY_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    const status = await this.#disk.status();
    if (this.#cancel === null) return;
    if (!status.ok) {
      this.#events.onLost(status.failure);
      return;
    }
    const { guest, waiting } = status.value;
    this.#events.onProgress({
      ...NO_PROGRESS,
      readRequests: guest.reads,
      readBytes: guest.readBytes,
      writeRequests: guest.writes,
      writtenBytes: guest.writtenBytes,
    });
    const now = this.#clock.now();
    const waited = this.#sinceMs !== null;
    this.#sinceMs = waiting === null ? null : (this.#sinceMs ?? now);
    if (waiting !== null && this.#sinceMs !== null) {
      const { failure } = waiting;
      const waitedMs = now - this.#sinceMs;
      this.#events.onSlow({
        operation: 'read',
        offset: 0,
        length: 0,
        waitedMs,
        failure,
        retries: 'by-itself',
      });
    } else if (waited) {
      this.#events.onSlow(null);
    }
    this.#again();
  }
}
