import type { Tables } from '../../catalog/catalog.ts';

/**
 * Takes the snapshots out of the catalog that nothing lies on any more, from `masterId` downwards. To be called in the
 * transaction that took the last disk away.
 * @returns their files, which are marked to be deleted
 */
export function dropUnneededSnapshots(
  { masters, passingFiles }: Tables,
  masterId: string | null,
  nowMs: number,
): string[] {
  const files: string[] = [];
  for (let id = masterId; id !== null;) {
    const master = masters.find(id);
    if (master?.role !== 'snapshot' || masters.isNeeded(id)) break;
    masters.remove(id);
    passingFiles.add([master.location], 'deleting', nowMs);
    files.push(master.location);
    id = master.parentId;
  }
  return files;
}
