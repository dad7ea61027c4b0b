import type { MessagePort } from 'node:worker_threads';
import type { ContentStamp } from '../../qed/content-stamp.ts';
import type { JobVerb } from '../../streaming/job/job-status.ts';
import type { DiskLayer } from './disk-layers.ts';
import type { DiskSpec, StreamSpec } from './disk-spec.ts';
import type { NbdService, NbdServiceSpec } from './nbd-services.ts';
import type { DiskActivity, DiskStatus } from './open-disk.ts';

/** What can be asked of a streaming job; its speed has a call of its own. */
export type JobControl = Exclude<JobVerb, 'set-speed'> | 'force-cancel';

/** `read`: for overlays that lie on the disk. */
export type Access = 'read' | 'write';

/** What the thread of a disk can be asked: name, argument and answer. It tells `DiskEvent`s by itself. */
export interface DiskCalls {
  open: { argument: DiskSpec; answer: DiskStatus };
  /** Serves the disk to whoever holds the other end of the port, by the block port protocol. */
  connect: { argument: { port: MessagePort; access: Access; boots: boolean }; answer: void };
  /** A layer of the chain that another thread owns has another owner now. */
  reconnect: { argument: { location: string; port: MessagePort }; answer: void };
  /** Serves the disk over NBD, from its own thread, until that is stopped or the disk is closed. */
  serveNbd: { argument: NbdServiceSpec; answer: NbdService };
  stopNbd: { argument: { id: number }; answer: void };
  startStream: { argument: StreamSpec; answer: void };
  job: { argument: { id: string; verb: JobControl }; answer: void };
  /** Bytes per second, for one job. */
  setSpeed: { argument: { id: string; bytesPerSecond: number }; answer: void };
  /** Bytes per second, for everything the disk fetches. */
  setLimit: { argument: { bytesPerSecond: number }; answer: void };
  /** Makes everything durable that guests have written. */
  flush: { argument: null; answer: void };
  stampContent: { argument: { stamp: ContentStamp }; answer: void };
  retryNow: { argument: null; answer: void };
  status: { argument: null; answer: DiskStatus };
  /** Topmost first. */
  layers: { argument: null; answer: readonly DiskLayer[] };
  /** For each of `cells` equal stretches of the disk. */
  activity: { argument: { cells: number }; answer: DiskActivity };
  /** A guest is about to boot: what it reads is told afterwards, as `boot-recorded`. */
  recordBoot: { argument: { quietMs: number | undefined }; answer: void };
  /** The guest's login prompt was seen: a boot that is being recorded is over. */
  bootEnded: { argument: null; answer: void };
  close: { argument: null; answer: void };
}
