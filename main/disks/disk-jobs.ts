import type { StreamCommand } from '../../shared/ipc/machines.ts';
import { err, type Result } from '../../shared/result.ts';
import type { DiskLayer } from '../storage/disk/disk-layers.ts';
import type { JobControl } from '../storage/disk/disk-protocol.ts';
import type { StreamSpec } from '../storage/disk/disk-spec.ts';
import type { DiskStatus } from '../storage/disk/open-disk.ts';
import type { JobEvent } from '../streaming/job/job-events.ts';
import type { DiskControl } from './disk-control.ts';
import type { OpenedDisk } from './opened-disk.ts';
import { deviceNameOf } from './overlay-chain.ts';

/** What happened to a job of a disk. */
export interface DiskJobEvent {
  readonly diskId: string;
  readonly event: JobEvent;
}

const WISHES: Partial<Record<JobControl, StreamCommand>> = {
  pause: 'pause',
  resume: 'resume',
  cancel: 'cancel',
  'force-cancel': 'cancel',
};

const CLOSED = err('closed', 'The disk is closed');

/**
 * The jobs of an open disk, for programs that control them. The job that fills the disk is the app's own, and called
 * like the disk: to pause or cancel it is to press the button, and is remembered. Others are whose who started them.
 */
export class DiskJobs {
  readonly id: string;
  readonly device: string;
  readonly machineId: string | null;
  readonly #control: DiskControl;
  readonly #wish: (command: StreamCommand) => Promise<Result<void>>;

  constructor(control: DiskControl, wish: (command: StreamCommand) => Promise<Result<void>>) {
    this.id = control.id;
    this.device = deviceNameOf(control.id);
    this.machineId = control.rows.row.machineId;
    this.#control = control;
    this.#wish = wish;
  }

  startStream(spec: StreamSpec): Promise<Result<void>> {
    return this.#with((disk) => disk.startStream(spec));
  }

  controlJob(id: string, verb: JobControl): Promise<Result<void>> {
    const wish = id === this.device ? WISHES[verb] : undefined;
    return wish === undefined ? this.#with((disk) => disk.controlJob(id, verb)) : this.#wish(wish);
  }

  setSpeed(id: string, bytesPerSecond: number): Promise<Result<void>> {
    return this.#with((disk) => disk.setSpeed(id, bytesPerSecond));
  }

  status(): Promise<Result<DiskStatus>> {
    return this.#with((disk) => disk.status());
  }

  layers(): Promise<Result<readonly DiskLayer[]>> {
    return this.#with((disk) => disk.layers());
  }

  async #with<T>(work: (disk: OpenedDisk) => Promise<Result<T>>): Promise<Result<T>> {
    const { opened } = this.#control;
    return opened === null ? CLOSED : work(opened);
  }
}
