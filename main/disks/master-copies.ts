import { DONE, err, ok, type Result } from '../../shared/result.ts';
import type { Catalog, Tables } from '../catalog/catalog.ts';
import type { ImageFiles } from '../storage/overlays/image-files.ts';
import type { OneAtATime } from '../../shared/one-at-a-time.ts';
import type { DiskService } from './disk-service.ts';
import type { Journal } from './journal.ts';
import { deletePassing } from '../catalog/passing-files.ts';

export interface MasterCopyParts {
  readonly catalog: Catalog;
  readonly files: ImageFiles;
  readonly disks: DiskService;
  readonly journal: Journal;
  readonly nowMs: () => number;
  /** What makes copies, and what removes them. */
  readonly copyWork: OneAtATime;
  /** The user wants copies that nothing lies on to go by themselves. */
  readonly removeUnused: () => boolean;
}

/** The local copies of masters that are far away, once they are made. */
export class MasterCopies {
  readonly #parts: MasterCopyParts;

  constructor(parts: MasterCopyParts) {
    this.#parts = parts;
  }

  /** Deletes a copy, whatever there is of it. Fails with `busy` while disks lie on it. @returns what became free */
  remove(id: string): Promise<Result<{ freedBytes: number }>> {
    return this.#parts.copyWork.run(() => this.#remove(id));
  }

  /** Removes what nobody uses, where the user wants that. */
  async tidy(): Promise<void> {
    if (!this.#parts.removeUnused()) return;
    const unused = this.#parts.catalog.read(({ masters }) =>
      masters.list().filter(({ id, role }) => role === 'copy' && !masters.isNeeded(id)),
    );
    this.#parts.journal.report(unused);
    for (const { id } of unused.ok ? unused.value : []) this.#parts.journal.report(await this.remove(id));
  }

  async #remove(id: string): Promise<Result<{ freedBytes: number }>> {
    const { catalog, files, disks, nowMs } = this.#parts;
    const needed = this.#whoNeeds(id);
    if (!needed.ok) return needed;
    return disks.occupy(id, 'being removed', async () => {
      const removed = catalog.change((tables) => takeOut(tables, id, nowMs()));
      if (!removed.ok) return removed;
      if (removed.value === null)
        return err('busy', 'A machine that lies on the copy was just made', { words: ['copy-just-used'] });
      void disks.forget(id);
      const freed = await deletePassing(catalog, files, [removed.value]);
      return freed.ok ? ok({ freedBytes: freed.value }) : freed;
    });
  }

  #whoNeeds(id: string): Result<void> {
    const read = this.#parts.catalog.read(({ masters }) => {
      const copy = masters.find(id);
      if (copy?.role !== 'copy')
        return err('not-found', 'This copy was removed already', { words: ['master-gone'] });
      const users = masters.neededBy(id);
      if (users.length === 0) return DONE;
      const machines = users.join(', ');
      return err('busy', `The local copy of '${copy.name}' is needed by ${machines}`, {
        words: ['copy-needed', copy.name, machines],
      });
    });
    return read.ok ? read.value : read;
  }
}

/** @returns the file, which is marked to be deleted; null where something lies on the copy after all */
function takeOut({ disks, masters, passingFiles }: Tables, id: string, nowMs: number): string | null {
  const disk = disks.find(id);
  if (disk === null || masters.isNeeded(id)) return null;
  disks.remove(id);
  masters.remove(id);
  passingFiles.add([disk.path], 'deleting', nowMs);
  return disk.path;
}
