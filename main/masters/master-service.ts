import type { MasterPlace, MasterView, NewMaster } from '../../shared/ipc/catalog.ts';
import type { Clock } from '../../shared/clock.ts';
import { DONE, err, ok, type Result } from '../../shared/result.ts';
import type { Activities } from '../activities/activities.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { deletePassing, type FileKeeper } from '../catalog/passing-files.ts';
import type { Master } from '../catalog/tables/masters.ts';
import type { ImageTasks } from '../storage/overlays/image-tasks-client.ts';
import { enterMaster } from './enter-master.ts';
import type { MasterImports } from './master-imports.ts';
import { MasterPlaces, type MasterPlacesParts } from './master-places.ts';
import { masterView } from './master-view.ts';
import type { PlaceFacts } from './place-facts.ts';

export interface MasterParts {
  readonly catalog: Catalog;
  readonly files: FileKeeper;
  readonly tasks: ImageTasks;
  readonly imports: MasterImports;
  readonly whileUnread: MasterPlacesParts['whileUnread'];
  /** Removes the local copy of a master with the disk that fills it; `busy` while disks lie on it. */
  readonly removeCopy: (id: string) => Promise<Result<unknown>>;
  readonly activities: Activities;
  readonly clock: Clock;
  readonly nowMs: () => number;
  readonly newId: () => string;
  /** For machines made from a master that says nothing of it. */
  readonly defaultMemoryMiB: () => number;
  /** The list of appliances looks different now. */
  readonly changed: () => void;
}

/** The disks that overlays lie on. Files of the user are read where they are and never changed or deleted. */
export class MasterService {
  readonly #parts: MasterParts;
  readonly #places: MasterPlaces;

  constructor(parts: MasterParts) {
    this.#parts = parts;
    this.#places = new MasterPlaces(parts);
  }

  async list(): Promise<Result<MasterView[]>> {
    return this.#parts.catalog.read(({ masters }) =>
      masters.list().map((master) => masterView(master, masters.neededBy(master.id))),
    );
  }

  /**
   * Adds a master; raw and QED files and addresses at once. Other formats are converted behind the user's back: the
   * answer comes when that began, and the appliance becomes available when it has ended.
   */
  async add(wanted: NewMaster): Promise<Result<MasterView>> {
    if (wanted.source === 'file' && wanted.format !== 'raw' && wanted.format !== 'qed') {
      return this.#import(wanted.name, wanted);
    }
    const facts = await (wanted.source === 'file'
      ? this.#places.lookAtFile(wanted.path, wanted.format === 'qed' ? 'qed' : 'raw')
      : this.#places.lookAtAddress(wanted.url));
    return facts.ok ? this.#enter(wanted.name, facts.value, 'ready') : facts;
  }

  /** The same master lies at another place, see {@link MasterPlaces.relocate}. */
  async relocate({ id, to }: { id: string; to: MasterPlace }): Promise<Result<void>> {
    const master = this.#findMovable(id);
    if (!master.ok) return master;
    const moved = await this.#places.relocate(master.value, to);
    if (moved.ok) this.#parts.changed();
    return moved;
  }

  /** What lies now where a master did is another one: it is added beside it, under a name of its own. */
  async addAgain({ id, name }: { id: string; name: string }): Promise<Result<MasterView>> {
    const master = this.#findMovable(id);
    if (!master.ok) return master;
    const facts = await this.#places.lookAgain(master.value);
    return facts.ok ? this.#enter(name, facts.value, 'ready') : facts;
  }

  /** One that is somebody else's: what Headwater makes lies where it put it. */
  #findMovable(id: string): Result<Master> {
    const found = this.#parts.catalog.read(({ masters }) => masters.find(id));
    if (!found.ok) return found;
    const master = found.value;
    if (master === null) return MASTER_GONE;
    if (master.role === 'master' && master.source !== 'recipe' && !master.owned) return ok(master);
    return err('unsupported', `'${master.name}' is a file of Headwater's own and stays where it is`, {
      words: ['master-of-headwater', master.name],
    });
  }

  /** Fails with `busy`, naming the machines, while disks lie on it. The file is deleted only where it is our own copy. */
  async remove({ id }: { id: string }): Promise<Result<void>> {
    const { catalog, files, nowMs, activities, changed } = this.#parts;
    const master = this.#findUnneeded(id);
    if (!master.ok) return master;
    if (master.value.role === 'copy') return this.#removeCopy(id);
    await activities.cancelAbout(id);
    const { location, owned } = master.value;
    const removed = catalog.change(({ masters, passingFiles }) => {
      masters.remove(id);
      if (owned) passingFiles.add([location], 'deleting', nowMs());
    });
    if (!removed.ok) return removed;
    const deleted = owned ? await deletePassing(catalog, files, [location]) : DONE;
    changed();
    return deleted.ok ? DONE : deleted;
  }

  async #removeCopy(id: string): Promise<Result<void>> {
    const removed = await this.#parts.removeCopy(id);
    this.#parts.changed();
    return removed.ok ? DONE : removed;
  }

  #findUnneeded(id: string): Result<Master> {
    const found = this.#parts.catalog.read(({ masters }) => {
      const master = masters.find(id);
      if (master === null) return MASTER_GONE;
      const { name } = master;
      if (master.source === 'recipe') {
        return err('unsupported', `'${name}' came with Headwater and cannot be removed`, {
          words: ['master-came-along', name],
        });
      }
      const needed = masters.neededBy(id);
      if (needed.length > 0) {
        const machines = needed.join(', ');
        return err('busy', `'${name}' is needed by ${machines}`, {
          words: ['master-needed', name, machines],
        });
      }
      if (!masters.isNeeded(id)) return ok(master);
      const why =
        masters.copyOf(id) === null ? 'another master lies on it' : 'its local copy is not complete';
      return err('busy', `'${name}' cannot be removed: ${why}; remove that first`, {
        words: ['master-lain-on', name],
      });
    });
    return found.ok ? found.value : found;
  }

  async #import(name: string, source: { path: string; format: string }): Promise<Result<MasterView>> {
    const planned = await this.#parts.imports.plan(source);
    if (!planned.ok) return planned;
    const { location, lengthBytes } = planned.value;
    const entered = this.#enter(
      name,
      { source: 'file', location, format: 'raw', lengthBytes, etag: null, lastModified: null },
      'importing',
    );
    if (entered.ok) this.#parts.imports.begin(entered.value, planned.value);
    return entered;
  }

  #enter(name: string, facts: PlaceFacts, state: 'ready' | 'importing'): Result<MasterView> {
    const entered = enterMaster(this.#parts, name, facts, state);
    if (!entered.ok) return entered;
    this.#parts.changed();
    return ok(masterView(entered.value, []));
  }
}

const MASTER_GONE = err('not-found', 'This master was removed already', { words: ['master-gone'] });
