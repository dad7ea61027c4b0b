import fs from 'node:fs';
import type { ApplianceView } from '../../shared/ipc/catalog.ts';
import { DONE, err, ok, type Result } from '../../shared/result.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Master } from '../catalog/tables/masters.ts';
import { isRemote } from '../storage/chain/location.ts';
import { candidateOf, candidatesOf, installedOf, type Candidate, type Known } from './candidates.ts';
import type { Subscription } from './feeds/feed-views.ts';
import { install, type Installed } from './feeds/install.ts';
import { isReady } from './feeds/listing.ts';
import { WorkSlices } from './feeds/work-slices.ts';
import { enterRecipes } from './recipes.ts';
import { applianceView } from './views.ts';

export interface ApplianceParts {
  readonly catalog: Catalog;
  readonly clock: Clock;
  /** Where set-up puts the appliances it builds. */
  readonly recipesFolder: string;
  readonly feeds: { readonly subscriptions: readonly Subscription[] };
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** A master may be in the catalog that was not. */
  readonly installed: () => void;
  /** How far the import of a master is, from 0 to 1; null when none is under way. */
  readonly importProgress: (masterId: string) => number | null;
}

/** What machines can be made from: what feeds list, what was built from recipes, and masters the user added. */
export class ApplianceService {
  readonly #parts: ApplianceParts;

  constructor(parts: ApplianceParts) {
    this.#parts = parts;
  }

  /** All of them; in slices, as there may be thousands. */
  async list(): Promise<Result<ApplianceView[]>> {
    const known = this.#known();
    if (!known.ok) return known;
    const slices = new WorkSlices(this.#parts.clock);
    const views: ApplianceView[] = [];
    for (const candidate of candidatesOf(known.value)) {
      views.push(await this.#view(candidate));
      await slices.next();
    }
    return ok(views);
  }

  /**
   * What a machine can be made from now; an appliance of a feed is entered into the catalog. Fails with `not-found`, or
   * with the reason why it cannot be started at present.
   */
  async resolve(id: string): Promise<Result<Installed>> {
    const candidate = this.#find(id);
    if (!candidate.ok) return candidate;
    const { available, unavailableBecause } = await this.#view(candidate.value);
    if (!available) return err('unsupported', unavailableBecause ?? 'It cannot be started at present');
    return this.#install(candidate.value);
  }

  /** Enters an appliance of a feed into the catalog, where it stays. */
  async install({ id }: { id: string }): Promise<Result<void>> {
    const candidate = this.#find(id);
    if (!candidate.ok) return candidate;
    const installed = this.#install(candidate.value);
    return installed.ok ? DONE : installed;
  }

  #install(candidate: Candidate): Result<Installed> {
    const { installed, listed } = candidate;
    const { catalog, nowMs } = this.#parts;
    if (listed !== null) {
      const { feedId, appliance } = listed;
      if (isReady(appliance)) {
        const entered = catalog.change((tables) => install(tables, feedId, appliance, nowMs()));
        if (entered.ok) this.#parts.installed();
        return entered;
      }
    }
    return installed === null
      ? err('unsupported', candidate.entry.obstacle ?? 'It is not in the catalog')
      : ok(installed);
  }

  #find(id: string): Result<Candidate> {
    const known = this.#known();
    if (!known.ok) return known;
    const found = candidateOf(id, known.value);
    return found === null
      ? err('not-found', `There is no appliance '${id}' in the catalog any more`)
      : ok(found);
  }

  #known(): Result<Known> {
    const { catalog, recipesFolder, feeds, nowMs } = this.#parts;
    const recipes = enterRecipes(catalog, recipesFolder, nowMs());
    if (!recipes.ok) return recipes;
    return catalog.read((tables) => ({
      installed: installedOf(tables),
      learned: tables.bootProfiles.bootBytes(),
      built: new Set(recipes.value),
      subscriptions: feeds.subscriptions,
      nowMs: nowMs(),
    }));
  }

  async #view({ entry, installed }: Candidate): Promise<ApplianceView> {
    return applianceView(entry, installed === null ? null : await this.#problemOf(installed.master));
  }

  async #problemOf(master: Master): Promise<string | null> {
    if (master.importState !== 'ready') {
      const progress = this.#parts.importProgress(master.id);
      if (progress !== null) return `Being imported: ${Math.floor(progress * 100)} %`;
      return master.importProblem ?? 'The import did not end.';
    }
    // With several sources it is enough that one is there, and nobody asks the remote ones beforehand.
    if (isRemote(master.location) || master.published?.sources.some(isRemote)) return null;
    const there = await fs.promises.access(master.location, fs.constants.R_OK).then(
      () => true,
      () => false,
    );
    return there ? null : `'${master.location}' is missing or cannot be read.`;
  }
}
