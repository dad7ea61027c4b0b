import type { Tables } from '../catalog/catalog.ts';
import { streamOf } from './disk-rows.ts';

/**
 * Settles what nothing lies on any more, from `masterId` downwards: snapshots are taken out of the catalog, a copy is
 * kept and rests. To be called in the transaction that took the last disk away.
 * @returns files of snapshots, which are marked to be deleted
 */
export function settleUnneeded(tables: Tables, masterId: string | null, nowMs: number): string[] {
  const { masters, passingFiles } = tables;
  const files: string[] = [];
  for (let id = masterId; id !== null && !masters.isNeeded(id);) {
    const master = masters.find(id);
    if (master?.role === 'copy') restCopy(tables, id);
    if (master?.role !== 'snapshot') break;
    masters.remove(id);
    passingFiles.add([master.location], 'deleting', nowMs);
    files.push(master.location);
    id = master.parentId;
  }
  return files;
}

/** It is not needed, so nothing more is fetched for it; it goes on when it is needed again. */
function restCopy(tables: Tables, id: string): void {
  const stream = streamOf(tables, id);
  if (stream.wanted === 'running') tables.streams.put({ ...stream, wanted: 'paused' });
}
