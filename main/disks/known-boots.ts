import { bootBytesOf, stretchesOf } from '../../shared/boot-profile.ts';
import type { Range } from '../block/range.ts';
import type { Tables } from '../catalog/catalog.ts';
import type { Master } from '../catalog/tables/masters.ts';

/** What a start reads of the masters behind a disk. */
export interface BootNeeds {
  /** In the order of the start. */
  readonly ranges: readonly Range[];
  readonly bytes: number;
}

/** What starts read, as far as it is known: thousands of stretches each, which are read from the catalog once. */
export class KnownBoots {
  readonly #byMaster = new Map<string, BootNeeds | null>();

  /** A snapshot starts like what it was made of, as long as nothing else is known of it. */
  of(tables: Tables, masters: readonly Pick<Master, 'id'>[]): BootNeeds | null {
    for (const { id } of masters) {
      const known = this.#byMaster.get(id) ?? this.#read(tables, id);
      if (known !== null) return known;
    }
    return null;
  }

  /** Something else is known now. */
  forget(masterId: string): void {
    this.#byMaster.delete(masterId);
  }

  #read({ bootProfiles }: Tables, masterId: string): BootNeeds | null {
    const found = bootProfiles.find(masterId);
    const needs = found && { ranges: stretchesOf(found.profile), bytes: bootBytesOf(found.profile) };
    this.#byMaster.set(masterId, needs);
    return needs;
  }
}
