import { bootProfileOf, type BootProfileDocument } from '../../shared/boot-profile.ts';
import type { PublishedMaster } from '../../shared/master.ts';
import { DONE, type Result } from '../../shared/result.ts';
import type { Range } from '../block/range.ts';
import type { Catalog, Tables } from '../catalog/catalog.ts';
import type { Master } from '../catalog/tables/masters.ts';

export interface PublishedBootParts {
  readonly catalog: Catalog;
  readonly nowMs: () => number;
  /** Fetches and verifies what a boot of a master reads, in order; null where nobody published that. */
  readonly fetch: (published: PublishedMaster) => Promise<Result<readonly Range[] | null>>;
  /** Something else is known of what a start of this master reads. */
  readonly learned: (masterId: string) => void;
  /** A profile that is wrong: it is done without. */
  readonly warn: (text: string) => void;
}

/**
 * The boot profiles that were published with the masters of the catalog: fetched once each, before anything is started,
 * and kept with what was learned here, before which they go. One that cannot be had now is looked for again the next time.
 */
export class PublishedBoots {
  readonly #parts: PublishedBootParts;
  /** Hashes of profiles that are no use. */
  readonly #wrong = new Set<string>();
  #looking: Promise<void> | null = null;
  #again = false;

  constructor(parts: PublishedBootParts) {
    this.#parts = parts;
  }

  /** Fetches what is missing. Who asks while that is under way gets one more look afterwards. */
  look(): Promise<void> {
    if (this.#looking !== null) this.#again = true;
    this.#looking ??= this.#lookUntilSettled().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #lookUntilSettled(): Promise<void> {
    for (let more = true; more; more = this.#takeAgain()) {
      const missing = this.#parts.catalog.read((tables) => missingProfiles(tables));
      if (!missing.ok) return;
      for (const { id, published } of missing.value) await this.#bring(id, published);
    }
  }

  #takeAgain(): boolean {
    const again = this.#again;
    this.#again = false;
    return again;
  }

  async #bring(masterId: string, published: PublishedMaster): Promise<void> {
    const { fetch, learned, warn } = this.#parts;
    const hash = published.description.bootProfile?.sha256 ?? '';
    if (this.#wrong.has(hash)) return;
    const fetched = await fetch(published);
    const profile = fetched.ok && fetched.value !== null ? bootProfileOf(fetched.value) : null;
    const stored = profile === null ? DONE : this.#store(masterId, profile, hash);
    if (profile !== null && stored.ok) {
      learned(masterId);
      return;
    }
    const failed = fetched.ok ? stored : fetched;
    // No source at the moment, or the program ends: no more to be said of it.
    if (!failed.ok && ['source-unreachable', 'closed'].includes(failed.failure.code)) return;
    this.#wrong.add(hash);
    if (!failed.ok) warn(`The boot profile of a master is done without: ${failed.failure.message}`);
  }

  #store(masterId: string, profile: BootProfileDocument, hash: string): Result<void> {
    const { catalog, nowMs } = this.#parts;
    return catalog.change(({ bootProfiles, masters, surveys }) => {
      if (masters.find(masterId) === null) return;
      bootProfiles.put({ masterId, origin: 'published', profile, recordedMs: nowMs(), sha256: hash });
      surveys.forgetBoot(masterId);
    });
  }
}

/** Masters that say they have another profile than the one that is known. */
function missingProfiles({
  masters,
  bootProfiles,
}: Tables): (Pick<Master, 'id'> & { published: PublishedMaster })[] {
  return masters.list().flatMap(({ id, published }) => {
    const described = published?.description.bootProfile;
    if (published === null || described === undefined) return [];
    const known = bootProfiles.find(id);
    return known?.sha256 === described.sha256 ? [] : [{ id, published }];
  });
}
