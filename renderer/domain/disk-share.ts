import type { DiskView } from '../../shared/ipc/machines.ts';
import { app } from '../state/index.ts';
import { localShare } from './stream-view.ts';

/** How much of a disk is here, 0 to 1, with what it lies on; null while nobody has counted. */
export function shareOf(disk: DiskView): number | null {
  return localShare(disk, disk.masterId === null ? undefined : app.disks.get(disk.masterId));
}
