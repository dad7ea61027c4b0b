import { ok, type Result } from '../../../shared/result.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { MachineRow } from '../../catalog/tables/machines.ts';
import type { ImageFiles } from '../../storage/overlays/image-files.ts';
import { deletePassing } from '../../catalog/passing-files.ts';
import { settleUnneeded } from '../../disks/settle-unneeded.ts';

export interface RemoveParts {
  readonly catalog: Catalog;
  readonly files: ImageFiles;
  readonly nowMs: () => number;
}

/**
 * Deletes a machine that is off, with its disks, its saved state, and what only its disks lay on.
 * @param gone told of the disks that are not in the catalog any more, before their files are deleted
 * @returns the bytes that became free
 */
export async function removeMachine(
  { catalog, files, nowMs }: RemoveParts,
  { id }: MachineRow,
  gone: (diskIds: readonly string[]) => void,
): Promise<Result<number>> {
  const removed = catalog.change((tables) => {
    const { disks, machines, savedStates, passingFiles } = tables;
    const rows = disks.ofMachine(id);
    const own = [
      ...rows.map(({ path }) => path),
      ...[savedStates.find(id)].flatMap((state) => state?.path ?? []),
    ];
    for (const row of rows) disks.remove(row.id);
    savedStates.remove(id);
    machines.remove(id);
    passingFiles.add(own, 'deleting', nowMs());
    const snapshots = rows.flatMap(({ masterId }) => settleUnneeded(tables, masterId, nowMs()));
    return { files: [...own, ...snapshots], diskIds: rows.map((row) => row.id) };
  });
  if (!removed.ok) return removed;
  gone(removed.value.diskIds);
  const freed = await deletePassing(catalog, files, removed.value.files);
  return freed.ok ? ok(freed.value) : freed;
}
