import fs from 'node:fs';
import type { ApplianceView } from '../../shared/ipc/catalog.ts';
import { DONE, err, ok, type Result } from '../../shared/result.ts';
import type { Catalog, Tables } from '../catalog/catalog.ts';
import type { Master } from '../catalog/tables/masters.ts';
import { isRemote } from '../storage/chain/location.ts';
import { stateOf, type Subscription } from './feeds/feed-views.ts';
import { applianceIdOf, install, type Installed } from './feeds/install.ts';
import { isReady, type ListedAppliance, type ListedImage } from './feeds/listing.ts';
import { enterRecipes } from './recipes.ts';
import { applianceView, type Entry } from './views.ts';

export interface ApplianceParts {
  readonly catalog: Catalog;
  /** Where set-up puts the appliances it builds. */
  readonly recipesFolder: string;
  readonly feeds: { readonly subscriptions: readonly Subscription[] };
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** How far the import of a master is, from 0 to 1; null when none is under way. */
  readonly importProgress: (masterId: string) => number | null;
}

/** An entry with what the catalog has of it. */
interface Candidate {
  readonly entry: Entry;
  /** Null for what a feed lists and nobody has asked for yet. */
  readonly installed: Installed | null;
  /** Null for what no feed lists. */
  readonly listed: { readonly feedId: string; readonly appliance: ListedAppliance } | null;
}

/** What machines can be made from: what feeds list, what was built from recipes, and masters the user added. */
export class ApplianceService {
  readonly #parts: ApplianceParts;

  constructor(parts: ApplianceParts) {
    this.#parts = parts;
  }

  async list(): Promise<Result<ApplianceView[]>> {
    const candidates = this.#candidates();
    if (!candidates.ok) return candidates;
    return ok(await Promise.all(candidates.value.map((candidate) => this.#view(candidate))));
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
      if (isReady(appliance)) return catalog.change((tables) => install(tables, feedId, appliance, nowMs()));
    }
    return installed === null
      ? err('unsupported', candidate.entry.obstacle ?? 'It is not in the catalog')
      : ok(installed);
  }

  #find(id: string): Result<Candidate> {
    const candidates = this.#candidates();
    if (!candidates.ok) return candidates;
    const found = candidates.value.find(({ entry }) => entry.id === id);
    return found === undefined
      ? err('not-found', `There is no appliance '${id}' in the catalog any more`)
      : ok(found);
  }

  /** What feeds list, and what else is in the catalog; recipes that were removed since are left out. */
  #candidates(): Result<Candidate[]> {
    const { catalog, recipesFolder, feeds, nowMs } = this.#parts;
    const recipes = enterRecipes(catalog, recipesFolder, nowMs());
    if (!recipes.ok) return recipes;
    const built = new Set(recipes.value);
    return catalog.read((tables) => {
      const installed = installedOf(tables);
      const learned = tables.bootProfiles.bootBytes();
      const listed = feeds.subscriptions.flatMap((feed) => candidatesOf(feed, installed, nowMs()));
      const shown = new Set(listed.map(({ entry }) => entry.id));
      const others = [...installed.values()].flatMap((known) => {
        const { appliance, master } = known;
        if (shown.has(appliance.id) || (master.source === 'recipe' && !built.has(appliance.id))) return [];
        return [{ entry: entryOf(known), installed: known, listed: null }];
      });
      return [...others, ...listed].map((candidate) => withBoot(candidate, learned));
    });
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

/** What was learned on this computer counts before what the publisher says. */
function withBoot(candidate: Candidate, learned: ReadonlyMap<string, number>): Candidate {
  const bootBytes = learned.get(candidate.installed?.master.id ?? '');
  return bootBytes === undefined ? candidate : { ...candidate, entry: { ...candidate.entry, bootBytes } };
}

function installedOf({ appliances, masters }: Tables): Map<string, Installed> {
  const known = new Map(masters.list().map((master) => [master.id, master]));
  return new Map(
    appliances.list().flatMap((appliance) => {
      const master = known.get(appliance.masterId ?? '');
      return master === undefined ? [] : [[appliance.id, { appliance, master }]];
    }),
  );
}

function candidatesOf(
  feed: Subscription,
  installed: ReadonlyMap<string, Installed>,
  nowMs: number,
): Candidate[] {
  const { row, listing } = feed;
  const shown = { id: row.id, name: row.name, signed: row.publicKey !== null, state: stateOf(row, nowMs) };
  return (listing?.appliances ?? []).map((appliance) => {
    const { description, content } = appliance;
    const known = installed.get(applianceIdOf(row.id, appliance)) ?? null;
    const listed = { feedId: row.id, appliance };
    const entry: Entry = {
      id: applianceIdOf(row.id, appliance),
      description,
      source: isFarAway(content) ? 'http' : 'file',
      lengthBytes: description.diskSizeBytes,
      feed: shown,
      withdrawn: false,
      obstacle: content.kind === 'image' ? obstacleOf(content) : null,
      bootBytes: content.kind === 'master' ? (content.description.bootProfile?.bootBytes ?? null) : null,
    };
    return { entry, installed: known, listed };
  });
}

/** Whole images can be read from nobody byte by byte: there are no hashes to verify them by until they are complete. */
function obstacleOf({ location, sha256, format }: ListedImage): string {
  return `It has to be fetched whole: download ${location}, compare its SHA-256 with ${sha256}, and add it as a local ${format} file.`;
}

function isFarAway(content: ListedAppliance['content']): boolean {
  return content.kind === 'master' ? content.sources.some(isRemote) : isRemote(content.location);
}

function entryOf({ appliance: { id, description }, master }: Installed): Entry {
  return {
    id,
    description,
    source: master.source,
    lengthBytes: master.lengthBytes,
    feed: null,
    withdrawn: master.published !== null,
    obstacle: null,
    bootBytes: master.published?.description.bootProfile?.bootBytes ?? null,
  };
}
