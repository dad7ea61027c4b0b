import { err, ok, type Result } from '../../../shared/result.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { DiskRow } from '../../catalog/tables/disks.ts';
import type { MachineRow } from '../../catalog/tables/machines.ts';
import type { SavedStateRow } from '../../catalog/tables/saved-states.ts';
import { freeName } from './names.ts';

/** What the catalog says of machines, for who needs one that is there. */
export class MachineRows {
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  find(id: string): Result<MachineRow> {
    const row = this.#catalog.read(({ machines }) => machines.find(id));
    if (!row.ok) return row;
    return row.value === null ? NOT_THERE : ok(row.value);
  }

  diskOf(id: string): Result<DiskRow> {
    const rows = this.#catalog.read(({ disks }) => disks.ofMachine(id));
    if (!rows.ok) return rows;
    const [disk] = rows.value;
    return disk === undefined
      ? err('not-found', 'The machine has lost its disk', { words: ['machine-lost-disk'] })
      : ok(disk);
  }

  savedStateOf(id: string): Result<SavedStateRow | null> {
    return this.#catalog.read(({ savedStates }) => savedStates.find(id));
  }

  /** A name the user typed must be free; one we chose is numbered. */
  chooseName(typed: string | undefined, otherwise: string): Result<string> {
    const found = this.#catalog.read(({ machines }) => {
      const isTaken = (name: string) => machines.isNameTaken(name);
      if (typed === undefined) return freeName(otherwise, isTaken);
      return isTaken(typed) ? null : typed;
    });
    if (!found.ok) return found;
    if (found.value !== null) return ok(found.value);
    const taken = typed ?? '';
    return err('already-exists', `There is a machine '${taken}' already`, {
      words: ['machine-name-taken', taken],
    });
  }
}

export const NOT_THERE = err('not-found', 'This machine is not there any more', { words: ['machine-gone'] });
