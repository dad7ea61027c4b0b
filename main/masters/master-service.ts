import path from 'node:path';
import type { MasterView, NewMaster } from '../../shared/ipc/catalog.ts';
import type { Clock } from '../../shared/clock.ts';
import { DONE, err, ok, type Result } from '../../shared/result.ts';
import type { Activities } from '../activities/activities.ts';
import { openRemoteSource } from '../block/remote/open-remote-source.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { newMaster, type Master } from '../catalog/tables/masters.ts';
import type { ImageTasks } from '../storage/overlays/image-tasks-client.ts';
import { draftOf, removeFile } from './master-files.ts';
import type { MasterImports } from './master-imports.ts';
import { masterView } from './master-view.ts';

export interface MasterParts {
  readonly catalog: Catalog;
  readonly tasks: ImageTasks;
  readonly imports: MasterImports;
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

/** What a master is recognised by and how long it is. */
type Facts = Pick<Master, 'location' | 'format' | 'lengthBytes' | 'etag' | 'lastModified'>;

/** The disks that overlays lie on. Files of the user are read where they are and never changed or deleted. */
export class MasterService {
  readonly #parts: MasterParts;

  constructor(parts: MasterParts) {
    this.#parts = parts;
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
    if (wanted.source === 'http') {
      const facts = await this.#probe(wanted.url);
      return facts.ok ? this.#enter(wanted, facts.value, 'ready') : facts;
    }
    const { format } = wanted;
    if (format !== 'raw' && format !== 'qed') return this.#import(wanted, { path: wanted.path, format });
    const location = path.resolve(wanted.path);
    const inspected = await this.#parts.tasks.run('inspect', { path: location, format });
    if (!inspected.ok) return inspected;
    return this.#enter(wanted, { location, format, etag: null, ...inspected.value }, 'ready');
  }

  /** Fails with `busy`, naming the machines, while disks lie on it. The file is deleted only where it is our own copy. */
  async remove({ id }: { id: string }): Promise<Result<void>> {
    const { catalog, nowMs, activities, changed } = this.#parts;
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
    const deleted = owned ? await this.#deleteFile(location) : DONE;
    changed();
    return deleted;
  }

  async #removeCopy(id: string): Promise<Result<void>> {
    const removed = await this.#parts.removeCopy(id);
    this.#parts.changed();
    return removed.ok ? DONE : removed;
  }

  #findUnneeded(id: string): Result<Master> {
    const found = this.#parts.catalog.read(({ masters }) => {
      const master = masters.find(id);
      if (master === null)
        return err('not-found', 'This master was removed already', { words: ['master-gone'] });
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

  async #deleteFile(file: string): Promise<Result<void>> {
    const removed = await removeFile(file);
    if (!removed.ok) return removed;
    return this.#parts.catalog.change(({ passingFiles }) => passingFiles.remove([file]));
  }

  async #probe(url: string): Promise<Result<Facts>> {
    const device = await openRemoteSource(url, { clock: this.#parts.clock, connections: 1 });
    if (!device.ok) return device;
    const { lengthBytes, identity } = device.value;
    await device.value.close();
    const { etag, lastModified } = identity;
    return ok({ location: url, format: 'raw', lengthBytes, etag, lastModified });
  }

  async #import(wanted: NewMaster, source: { path: string; format: string }): Promise<Result<MasterView>> {
    const planned = await this.#parts.imports.plan(source);
    if (!planned.ok) return planned;
    const { location, lengthBytes } = planned.value;
    const facts: Facts = { location, format: 'raw', lengthBytes, etag: null, lastModified: null };
    const entered = this.#enter(wanted, facts, 'importing');
    if (entered.ok) this.#parts.imports.begin(entered.value, planned.value);
    return entered;
  }

  #enter(wanted: NewMaster, facts: Facts, state: 'ready' | 'importing'): Result<MasterView> {
    const { catalog, newId, nowMs, defaultMemoryMiB, changed } = this.#parts;
    if (facts.lengthBytes === 0)
      return err('invalid-argument', `'${facts.location}' is empty`, {
        words: ['file-empty', facts.location],
      });
    const id = newId();
    const importing = state === 'importing';
    const master = newMaster({
      ...facts,
      id,
      name: wanted.name,
      source: wanted.source,
      owned: importing,
      importState: state,
      createdMs: nowMs(),
    });
    const description = {
      formatVersion: 1,
      id,
      name: wanted.name,
      summary: '',
      publisher: '',
      version: '',
      arch: 'i386',
      licence: '',
      memoryMiB: defaultMemoryMiB(),
      diskSizeBytes: facts.lengthBytes,
    } as const;
    const stored = catalog.change(({ masters, appliances, passingFiles }) => {
      masters.add(master);
      appliances.put({ id, feedId: null, masterId: id, description, addedMs: nowMs() });
      if (importing) passingFiles.add([draftOf(facts.location)], 'making', nowMs());
    });
    if (!stored.ok) return stored;
    changed();
    return ok(masterView(master, []));
  }
}
