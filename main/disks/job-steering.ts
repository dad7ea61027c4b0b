import { DONE, type Failure, type Result } from '../../shared/result.ts';
import type { StreamRow } from '../catalog/tables/streams.ts';
import type { DiskStatus } from '../storage/disk/open-disk.ts';
import { isActive } from './disk-view.ts';
import { unlessGone, type OpenedDisk } from './opened-disk.ts';

/** What the job of a disk should be like. */
export interface WantedJob {
  /** It should work now. */
  readonly runs: boolean;
  readonly stream: StreamRow;
  /** One that stopped on an error is to try again. */
  readonly goOnAfterError: boolean;
}

/** Takes the next step from the job that an open disk has to the one it should have. */
export class JobSteering {
  readonly #disk: OpenedDisk;
  readonly #jobId: string;
  readonly #notStarted: (failure: Failure) => void;
  #errorPolicy: StreamRow['onError'] | null = null;

  /**
   * @param jobId what the job is called: others, which clients of a monitor have started, are theirs to steer
   * @param notStarted told why a job could not be started
   */
  constructor(disk: OpenedDisk, jobId: string, notStarted: (failure: Failure) => void) {
    this.#disk = disk;
    this.#jobId = jobId;
    this.#notStarted = notStarted;
  }

  /** @param status how the disk stands now */
  async steer(status: DiskStatus | null, wanted: WantedJob): Promise<Result<void>> {
    return unlessGone(await this.#step(status, wanted));
  }

  async #step(status: DiskStatus | null, wanted: WantedJob): Promise<Result<void>> {
    const { runs, stream, goOnAfterError } = wanted;
    const job = status?.job ?? null;
    if (job === null || !isActive(status)) {
      if (runs && status?.standalone === false) await this.#start(stream.onError);
    } else if (job.device !== this.#jobId) {
      return DONE;
    } else if (!runs) {
      if (stream.wanted === 'stopped') return this.#disk.controlJob(this.#jobId, 'force-cancel');
      if (!job.paused) return this.#disk.controlJob(this.#jobId, 'pause');
    } else if (this.#errorPolicy !== stream.onError) {
      // The policy of a job is fixed. What is local stays; the end of this one calls for the next.
      return this.#disk.controlJob(this.#jobId, 'force-cancel');
    } else if (job.paused && (job.ioStatus === 'ok' || goOnAfterError)) {
      return this.#disk.controlJob(this.#jobId, 'resume');
    }
    return DONE;
  }

  async #start(onError: StreamRow['onError']): Promise<void> {
    this.#errorPolicy = onError;
    const started = await this.#disk.startStream({ jobId: this.#jobId, speed: 0, onError });
    // An older job that is about to end has the name; its end calls for the next.
    if (!started.ok && started.failure.code !== 'already-exists' && started.failure.code !== 'busy') {
      this.#notStarted(started.failure);
    }
  }
}
