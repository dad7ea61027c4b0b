import { DONE, type Result } from '../../shared/result.ts';
import type { DiskEvent } from '../storage/disk/disk-events.ts';
import type { DiskSpec } from '../storage/disk/disk-spec.ts';
import type { DiskThread } from '../storage/disk/disk-thread.ts';

/** What is used of an open disk. */
export type OpenedDisk = Pick<
  DiskThread,
  | 'connect'
  | 'reconnect'
  | 'startStream'
  | 'controlJob'
  | 'setSpeed'
  | 'layers'
  | 'setLimit'
  | 'retryNow'
  | 'recordBoot'
  | 'bootEnded'
  | 'activity'
  | 'serveNbd'
  | 'stopNbd'
  | 'flush'
  | 'stampContent'
  | 'status'
  | 'close'
>;

export type OpenDisk = (spec: DiskSpec, listen: (event: DiskEvent) => void) => Promise<Result<OpenedDisk>>;

/** A disk that was closed and a job that ended meanwhile need nothing any more. */
export function unlessGone(result: Result<void>): Result<void> {
  if (result.ok || result.failure.code === 'closed' || result.failure.code === 'not-found') return DONE;
  return result;
}
