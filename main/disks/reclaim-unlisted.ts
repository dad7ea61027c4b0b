import { ok, type Result } from '../../shared/result.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { dropUnlisted } from '../catalog/unlisted.ts';
import type { ImageFiles } from '../storage/overlays/image-files.ts';
import { deletePassing } from '../catalog/passing-files.ts';
import type { MasterCopies } from './master-copies.ts';

export interface ReclaimParts {
  readonly catalog: Catalog;
  readonly files: ImageFiles;
  readonly copies: Pick<MasterCopies, 'remove'>;
  readonly nowMs: () => number;
}

/**
 * Takes back what feeds do not list any more and no machine needs: appliances, their masters, the local copies of those.
 * A copy that somebody is at just now stays until the next time; so does what a crash leaves.
 * @returns the bytes that became free
 */
export async function reclaimUnlisted({
  catalog,
  files,
  copies,
  nowMs,
}: ReclaimParts): Promise<Result<number>> {
  const anything = catalog.read(
    ({ appliances, masters }) =>
      appliances.unlisted().length + masters.unused().length + masters.uselessCopies().length > 0,
  );
  // This is looked at whenever a feed changes; mostly there is nothing.
  if (!anything.ok || !anything.value) return anything.ok ? ok(0) : anything;
  const dropped = catalog.change((tables) => {
    const gone = dropUnlisted(tables, nowMs());
    return { gone, copies: tables.masters.uselessCopies() };
  });
  if (!dropped.ok) return dropped;
  let freedBytes = 0;
  for (const id of dropped.value.copies) {
    const removed = await copies.remove(id);
    if (removed.ok) freedBytes += removed.value.freedBytes;
    else if (removed.failure.code !== 'busy') return removed;
  }
  // Masters that only a copy lay on.
  const left = catalog.change((tables) => dropUnlisted(tables, nowMs()));
  if (!left.ok) return left;
  const freed = await deletePassing(catalog, files, [...dropped.value.gone, ...left.value]);
  return freed.ok ? ok(freedBytes + freed.value) : freed;
}
