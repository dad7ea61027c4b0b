import path from 'node:path';
import type { Result } from '../../shared/result.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { DiskRow } from '../catalog/tables/disks.ts';
import { streamOf } from './disk-rows.ts';
import { settleUnneeded } from './settle-unneeded.ts';

export interface Completion {
  /** Whose disk it is, for people. */
  readonly name: string;
  /** It is the local copy of the master of this name. */
  readonly isCopy: boolean;
  /** Files that nothing lies on any more; they are marked to be deleted. */
  readonly files: readonly string[];
  /** False when this was known before. */
  readonly first: boolean;
}

/** Writes down that a disk is complete: it needs no master any more, which may be removed, or change, without harm. */
export function completeDisk(catalog: Catalog, row: DiskRow, nowMs: number): Result<Completion> {
  return catalog.change((tables) => {
    const stream = streamOf(tables, row.id);
    tables.streams.put({ ...stream, wanted: 'stopped', failure: null, completedMs: nowMs });
    tables.disks.replaceImage(row.id, { path: row.path, masterId: null, kind: 'standalone' });
    const copy = tables.masters.find(row.id);
    if (copy !== null) tables.masters.complete(copy.id);
    const machine = row.machineId === null ? null : tables.machines.find(row.machineId);
    return {
      name: machine?.name ?? copy?.name ?? path.basename(row.path),
      isCopy: copy !== null,
      files: settleUnneeded(tables, row.masterId, nowMs),
      first: stream.completedMs === null,
    };
  });
}
