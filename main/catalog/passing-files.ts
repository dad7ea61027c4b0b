import { DONE, ok, type Result } from '../../shared/result.ts';
import type { Catalog } from './catalog.ts';

/** What is done with the files themselves. */
export interface FileKeeper {
  /** Answers with the bytes that became free; a file that is gone already frees none. */
  delete(file: string): Promise<Result<number>>;
  /** Makes the folder that a file is to lie in, with those above it. */
  makeFolderOf(file: string): Promise<Result<void>>;
  /** Whether its folder is there: where it is not, nobody can say whether the file is gone or its drive is away. */
  isReachable(file: string): Promise<boolean>;
}

/**
 * Writes files down that are about to be made, so that a crash leaves none that nobody knows of. Their folders are made
 * before: one that is not there means that its drive is away.
 */
export async function noteMaking(
  {
    catalog,
    files,
    nowMs,
  }: { readonly catalog: Catalog; readonly files: FileKeeper; readonly nowMs: () => number },
  paths: readonly string[],
): Promise<Result<void>> {
  for (const path of paths) {
    const made = await files.makeFolderOf(path);
    if (!made.ok) return made;
  }
  const noted = catalog.change(({ passingFiles }) => passingFiles.add(paths, 'making', nowMs()));
  return noted.ok ? DONE : noted;
}

/**
 * Deletes files that the catalog has let go of, and crosses them out. A file that cannot be deleted now, or that may lie on
 * a drive that is away, stays written down and is tried again at the next start.
 * @returns how many bytes became free
 */
export async function deletePassing(
  catalog: Catalog,
  files: FileKeeper,
  paths: readonly string[],
): Promise<Result<number>> {
  let freedBytes = 0;
  for (const path of paths) {
    const owned = catalog.read(({ passingFiles }) => passingFiles.isOwned(path));
    if (!owned.ok) return owned;
    if (!owned.value) {
      if (!(await files.isReachable(path))) continue;
      const deleted = await files.delete(path);
      if (!deleted.ok) return deleted;
      freedBytes += deleted.value;
    }
    const crossedOut = catalog.change(({ passingFiles }) => passingFiles.remove([path]));
    if (!crossedOut.ok) return crossedOut;
  }
  return ok(freedBytes);
}

/** Cleans up after a crash: whatever was being made or deleted and belongs to no row goes. */
export async function deleteAllPassing(
  catalog: Catalog,
  files: FileKeeper,
): Promise<Result<Result<number>[]>> {
  const passing = catalog.read(({ passingFiles }) => passingFiles.list());
  if (!passing.ok) return passing;
  const outcomes: Result<number>[] = [];
  for (const { path } of passing.value) outcomes.push(await deletePassing(catalog, files, [path]));
  return ok(outcomes);
}
