import type { Clock } from '../../shared/clock.ts';
import { DONE, ok, type Failure, type Result } from '../../shared/result.ts';
import type { Range } from '../block/range.ts';
import type { WrongBytes } from '../block/verified/mirror-set.ts';
import type { DiskEvent, WaitingReads } from '../storage/disk/disk-events.ts';
import type { DiskSpec } from '../storage/disk/disk-spec.ts';
import type { DiskStatus } from '../storage/disk/open-disk.ts';
import { AUTO_STREAM_JOB } from '../storage/disk/machine-disk.ts';
import type { JobEvent } from '../streaming/job/job-events.ts';
import type { BootEnd } from '../streaming/order/boot-watch.ts';
import { JobSteering, type WantedJob } from './job-steering.ts';
import type { OpenDisk, OpenedDisk } from './opened-disk.ts';

export interface LiveDiskParts {
  readonly clock: Clock;
  readonly open: OpenDisk;
  /** It was asked how it stands. */
  readonly asked: (status: DiskStatus) => void;
  /** Some time has passed, and it was asked; it is asked again after that. */
  readonly tick: () => Promise<void>;
  /** Its thread is gone: what was durable is safe. */
  readonly lost: (failure: Failure) => void;
  /** Guest reads wait for their source, or do so no longer. */
  readonly waits: () => void;
  /** Something has happened to a job, whoever started it. */
  readonly jobTold: (event: JobEvent) => void;
  /** A job has ended, or stopped on an error: the next step may be due. */
  readonly jobChanged: () => void;
  /** A job ended with this failure, or could not be started. */
  readonly jobFailed: (failure: Failure) => void;
  /** The guest has booted, and read this for it. */
  readonly bootRecorded: (ranges: readonly Range[], end: BootEnd) => void;
  /** A copy could not be kept, or entries not be written. */
  readonly storeFailed: (failure: Failure) => void;
  readonly wrongBytes: (wrong: WrongBytes) => void;
  /** The boot pack is done without. */
  readonly packLost: (failure: Failure) => void;
}

/** How often an open disk is asked how it stands. */
const POLL_MS = 250;

/** An open disk, and what it said last. */
export class LiveDisk {
  readonly #parts: LiveDiskParts;
  readonly #jobId: string;
  #disk: { readonly opened: OpenedDisk; readonly steering: JobSteering } | null = null;
  #status: DiskStatus | null = null;
  #waiting: WaitingReads | null = null;

  static async open(spec: DiskSpec, parts: LiveDiskParts): Promise<Result<LiveDisk>> {
    const live = new LiveDisk(parts, spec.deviceName ?? AUTO_STREAM_JOB);
    const opened = await parts.open(spec, (event) => live.#hear(event));
    if (!opened.ok) return opened;
    live.#disk = {
      opened: opened.value,
      steering: new JobSteering(opened.value, live.#jobId, parts.jobFailed),
    };
    return ok(live);
  }

  private constructor(parts: LiveDiskParts, jobId: string) {
    this.#parts = parts;
    this.#jobId = jobId;
  }

  /** Null once it is closed or lost. */
  get opened(): OpenedDisk | null {
    return this.#disk?.opened ?? null;
  }

  get status(): DiskStatus | null {
    return this.#status;
  }

  get waiting(): WaitingReads | null {
    return this.#waiting;
  }

  /** Asks how the disk stands. */
  async ask(): Promise<void> {
    const disk = this.#disk;
    if (disk === null) return;
    const status = await disk.opened.status();
    if (this.#disk !== disk) return;
    if (!status.ok) {
      this.#letGo();
      this.#parts.lost(status.failure);
      return;
    }
    this.#status = status.value;
    this.#parts.asked(status.value);
  }

  /** Asks again and again until the disk is closed. */
  keepAsking(): void {
    this.#parts.clock.after(POLL_MS, () => {
      if (this.#disk === null) return;
      void this.ask()
        .then(() => this.#parts.tick())
        .then(() => this.keepAsking());
    });
  }

  /** Makes the disk's job be what it should be. */
  async steer(wanted: WantedJob): Promise<Result<void>> {
    await this.ask();
    const steered = await this.#disk?.steering.steer(this.#status, wanted);
    await this.ask();
    return steered ?? DONE;
  }

  /** Makes everything durable; the stream can be resumed. */
  async close(): Promise<Result<void>> {
    const opened = this.opened;
    this.#letGo();
    return opened === null ? DONE : opened.close();
  }

  #letGo(): void {
    this.#disk = null;
    this.#status = null;
    this.#waiting = null;
  }

  #hear(event: DiskEvent): void {
    switch (event.kind) {
      case 'waiting':
        this.#waiting = event.waiting;
        return this.#parts.waits();
      case 'store-failed':
        return this.#parts.storeFailed(event.failure);
      case 'wrong-bytes':
        return this.#parts.wrongBytes(event.wrong);
      case 'boot-pack':
        return event.failure === null ? undefined : this.#parts.packLost(event.failure);
      case 'boot-recorded':
        return this.#parts.bootRecorded(event.ranges, event.end);
      case 'nbd-clients':
        return;
      case 'job':
        break;
    }
    this.#parts.jobTold(event.event);
    const { event: name, data } = event.event;
    if (name === 'BLOCK_JOB_COMPLETED' && data.error !== undefined && data.device === this.#jobId) {
      this.#parts.jobFailed({ code: 'io', message: data.error });
    }
    if (name === 'BLOCK_JOB_ERROR' || (name === 'JOB_STATUS_CHANGE' && data.status === 'null')) {
      this.#parts.jobChanged();
    }
  }
}
