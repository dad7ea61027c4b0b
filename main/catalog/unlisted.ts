import type { Tables } from './catalog.ts';

/**
 * Takes appliances out of the catalog that came from feeds, are not listed by them any more, and that no machine was made
 * from; and masters that came from feeds and that nothing has any more. To be called wherever one of these may have come
 * to be so.
 * @returns files of ours that went with them, which are marked to be deleted
 */
export function dropUnlisted(tables: Tables, nowMs: number): string[] {
  for (const { id } of tables.appliances.unlisted()) tables.appliances.remove(id);
  return dropUnusedMasters(tables, nowMs);
}

/** The second half of {@link dropUnlisted}: where another version took the place of a master. */
export function dropUnusedMasters({ masters, passingFiles }: Tables, nowMs: number): string[] {
  const files: string[] = [];
  for (const { id, location, owned } of masters.unused()) {
    masters.remove(id);
    if (owned) files.push(location);
  }
  passingFiles.add(files, 'deleting', nowMs);
  return files;
}
