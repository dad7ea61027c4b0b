import fs from 'node:fs';
import { guestArchSchema } from '../../shared/appliance.ts';
import type { HasQemu } from '../../shared/back-end.ts';
import type { ApplianceView } from '../../shared/ipc/catalog.ts';
import type { PublishedMaster } from '../../shared/master.ts';
import { DONE, err, ok, type Err, type Failure, type Result } from '../../shared/result.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Master } from '../catalog/tables/masters.ts';
import { isRemote } from '../storage/chain/location.ts';
import { candidateOf, candidatesOf, installedOf, type Candidate, type Known } from './candidates.ts';
import type { Subscription } from '../feeds/feed-views.ts';
import { install, type Installed } from '../feeds/install.ts';
import { isImage, isReady } from '../feeds/listing.ts';
import { WorkSlices } from '../../shared/work-slices.ts';
import type { ImageInstalls } from './image-installs.ts';
import { BuiltAppliances } from './recipes.ts';
import { applianceView } from './appliance-view.ts';

export interface ApplianceParts {
  readonly catalog: Catalog;
  readonly clock: Clock;
  /** Where set-up puts the appliances it builds. */
  readonly recipesFolder: string;
  readonly feeds: {
    readonly subscriptions: readonly Subscription[];
    /** Succeeds once it is known what they list. */
    whenRead(): Promise<Result<void>>;
  };
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** A master may be in the catalog that was not. */
  readonly installed: () => void;
  readonly isBeingImported: (masterId: string) => boolean;
  /** Whether QEMU is there for guests of a processor. */
  readonly qemu: { readonly has: HasQemu };
  /** Name and version of the emulator: whose saved states can be used. */
  readonly emulator: string;
  /** Where images come from that have to be fetched whole. */
  readonly images: Pick<ImageInstalls, 'begin'>;
}

/** What machines can be made from: what feeds list, what was built from recipes, and masters the user added. */
export class ApplianceService {
  readonly #parts: ApplianceParts;
  readonly #built: BuiltAppliances;

  constructor(parts: ApplianceParts) {
    this.#parts = parts;
    this.#built = new BuiltAppliances(parts.recipesFolder);
  }

  /** All of them; in slices, as there may be thousands. */
  async list(): Promise<Result<ApplianceView[]>> {
    const known = await this.#known();
    if (!known.ok) return known;
    // Looked for once, not for each of thousands.
    const { qemu } = this.#parts;
    const present = new Set(guestArchSchema.options.filter((arch) => qemu.has(arch)));
    const hasQemu: HasQemu = (arch) => present.has(arch);
    const slices = new WorkSlices(this.#parts.clock);
    const views: ApplianceView[] = [];
    for (const candidate of candidatesOf(known.value)) {
      views.push(await this.#view(candidate, hasQemu));
      await slices.next();
    }
    return ok(views);
  }

  /**
   * What a machine can be made from now; an appliance of a feed is entered into the catalog. Fails with `not-found`, or
   * with the reason why it cannot be started at present.
   */
  async resolve(id: string): Promise<Result<Installed>> {
    const candidate = await this.#find(id);
    if (!candidate.ok) return candidate;
    const { unavailableBecause } = await this.#view(candidate.value, (arch) => this.#parts.qemu.has(arch));
    if (unavailableBecause !== null) return { ok: false, failure: unavailableBecause };
    return this.#install(candidate.value);
  }

  /**
   * Enters an appliance of a feed into the catalog, where it stays. What has to be downloaded first is, behind the user's
   * back: the answer comes when that began.
   */
  async install({ id }: { id: string }): Promise<Result<void>> {
    const candidate = await this.#find(id);
    if (!candidate.ok) return candidate;
    const { listed } = candidate.value;
    if (listed !== null && isImage(listed.appliance)) {
      return this.#parts.images.begin(listed.feedId, listed.appliance);
    }
    const installed = this.#install(candidate.value);
    return installed.ok ? DONE : installed;
  }

  /** Where its master is published, as its feed says now; null for one that nobody published. */
  async published(id: string): Promise<Result<PublishedMaster | null>> {
    const found = await this.#find(id);
    if (!found.ok) return found;
    const { installed, listed } = found.value;
    if (listed?.appliance.content.kind === 'master') {
      const { description, sources } = listed.appliance.content;
      return ok({ description, sources: [...sources] });
    }
    return ok(installed?.master.published ?? null);
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
    if (installed !== null) return ok(installed);
    const { obstacle } = candidate.entry;
    return obstacle === null ? NOT_LISTED : { ok: false, failure: obstacle };
  }

  async #find(id: string): Promise<Result<Candidate>> {
    const known = await this.#known();
    if (!known.ok) return known;
    const found = candidateOf(id, known.value);
    return found === null ? NOT_LISTED : ok(found);
  }

  async #known(): Promise<Result<Known>> {
    const { catalog, feeds, nowMs, emulator } = this.#parts;
    const listed = await feeds.whenRead();
    if (!listed.ok) return listed;
    const built = this.#built.enter(catalog, nowMs());
    if (!built.ok) return built;
    return catalog.read((tables) => ({
      installed: installedOf(tables),
      learned: tables.bootProfiles.bootBytes(),
      built: new Set(built.value),
      subscriptions: feeds.subscriptions,
      nowMs: nowMs(),
      emulator,
    }));
  }

  async #view({ entry, installed }: Candidate, hasQemu: HasQemu): Promise<ApplianceView> {
    const problem = installed === null ? null : await this.#problemOf(installed.master);
    return applianceView(entry, problem, hasQemu);
  }

  async #problemOf(master: Master): Promise<Failure | null> {
    if (master.importState !== 'ready') {
      const importing = this.#parts.isBeingImported(master.id);
      return (importing ? BEING_IMPORTED : notImported(master.importProblem ?? 'it did not end')).failure;
    }
    // With several sources it is enough that one is there, and nobody asks the remote ones beforehand.
    if (isRemote(master.location) || master.published?.sources.some(isRemote)) return null;
    const there = await fs.promises.access(master.location, fs.constants.R_OK).then(
      () => true,
      () => false,
    );
    return there ? null : missing(master.location).failure;
  }
}

const NOT_LISTED = err('not-found', 'This appliance is not in the catalog any more', {
  words: ['appliance-gone'],
});
const BEING_IMPORTED = err('busy', 'It is still being imported', { words: ['appliance-importing'] });

function notImported(problem: string): Err {
  return err('io', `It could not be imported: ${problem}`, { words: ['import-failed', problem] });
}

function missing(file: string): Err {
  return err('not-found', `'${file}' is missing or cannot be read.`, { words: ['file-missing', file] });
}
