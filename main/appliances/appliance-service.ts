import fs from 'node:fs';
import type { ApplianceView } from '../../shared/ipc/catalog.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { ApplianceRow } from '../catalog/tables/appliances.ts';
import type { Master } from '../catalog/tables/masters.ts';
import { isRemote } from '../storage/chain/location.ts';
import { enterRecipes } from './recipes.ts';
import { applianceView } from './views.ts';

export interface ApplianceParts {
  readonly catalog: Catalog;
  /** Where set-up puts the appliances it builds. */
  readonly recipesFolder: string;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** How far the import of a master is, from 0 to 1; null when none is under way. */
  readonly importProgress: (masterId: string) => number | null;
}

/** An appliance that a machine can be made from now. */
export interface Installable {
  readonly appliance: ApplianceRow;
  readonly master: Master;
  /** What a start reads; null while no start was recorded. */
  readonly bootBytes: number | null;
}

/** What machines can be made from: appliances built from recipes, and masters the user added. */
export class ApplianceService {
  readonly #parts: ApplianceParts;

  constructor(parts: ApplianceParts) {
    this.#parts = parts;
  }

  async list(): Promise<Result<ApplianceView[]>> {
    const entries = this.#entries();
    if (!entries.ok) return entries;
    return ok(await Promise.all(entries.value.map((entry) => this.#view(entry))));
  }

  /** Fails with `not-found`, or with the reason why it cannot be started at present. */
  async resolve(id: string): Promise<Result<Installable>> {
    const entries = this.#entries();
    if (!entries.ok) return entries;
    const entry = entries.value.find(({ appliance }) => appliance.id === id);
    if (entry === undefined) return err('not-found', `There is no appliance '${id}' in the catalog any more`);
    const { available, unavailableBecause } = await this.#view(entry);
    return available
      ? ok(entry)
      : err('unsupported', unavailableBecause ?? 'It cannot be started at present');
  }

  async #view({ appliance, master, bootBytes }: Installable): Promise<ApplianceView> {
    return applianceView(appliance, master, bootBytes, await this.#problemOf(master));
  }

  /** Appliances whose description and master are there; recipes that were removed since are left out. */
  #entries(): Result<Installable[]> {
    const { catalog, recipesFolder, nowMs } = this.#parts;
    const recipes = enterRecipes(catalog, recipesFolder, nowMs());
    if (!recipes.ok) return recipes;
    const present = new Set(recipes.value);
    return catalog.read(({ appliances, masters, bootProfiles }) => {
      const known = new Map(masters.list().map((master) => [master.id, master]));
      const bootBytes = bootProfiles.bootBytes();
      return appliances.list().flatMap((appliance) => {
        const master = known.get(appliance.masterId ?? '');
        if (master === undefined || (master.source === 'recipe' && !present.has(appliance.id))) return [];
        return [{ appliance, master, bootBytes: bootBytes.get(master.id) ?? null }];
      });
    });
  }

  async #problemOf(master: Master): Promise<string | null> {
    const progress = this.#parts.importProgress(master.id);
    if (progress !== null) return `Being imported: ${Math.floor(progress * 100)} %`;
    if (master.importState !== 'ready') return master.importProblem ?? 'The import did not end.';
    if (isRemote(master.location)) return null;
    const there = await fs.promises.access(master.location, fs.constants.R_OK).then(
      () => true,
      () => false,
    );
    return there ? null : `'${master.location}' is missing or cannot be read.`;
  }
}
