import fs from 'node:fs';
import path from 'node:path';
import type { MasterView, NewMaster } from '../../shared/ipc/catalog.ts';
import type { Clock } from '../../shared/clock.ts';
import { DONE, err, ok, type Failure, type Result } from '../../shared/result.ts';
import { failureFromSystem } from '../block/errno.ts';
import { openHttpDevice } from '../block/http/http-device.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Master } from '../catalog/tables/masters.ts';
import { syncFolder } from '../storage/overlays/create-overlay.ts';
import type { ImageTasks } from '../storage/overlays/image-tasks-client.ts';
import type { QemuImg } from '../storage/overlays/qemu-img.ts';
import { masterView } from './views.ts';

export interface MasterParts {
  readonly catalog: Catalog;
  readonly tasks: ImageTasks;
  readonly qemuImg: QemuImg;
  readonly clock: Clock;
  /** Where converted masters are kept. */
  readonly mastersFolder: string;
  readonly nowMs: () => number;
  readonly newId: () => string;
  /** For machines made from a master that says nothing of it. */
  readonly defaultMemoryMiB: () => number;
  /** The list of appliances looks different now. */
  readonly changed: () => void;
  readonly notice: (level: 'info' | 'error', text: string) => void;
}

type ForeignMaster = Extract<NewMaster, { source: 'file' }>;

interface Import {
  progress: number;
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

/** What a master is recognised by and how long it is. */
type Facts = Pick<Master, 'location' | 'format' | 'lengthBytes' | 'etag' | 'lastModified'>;

/** The disks that overlays lie on. Files of the user are read where they are and never changed or deleted. */
export class MasterService {
  readonly #parts: MasterParts;
  readonly #imports = new Map<string, Import>();

  constructor(parts: MasterParts) {
    this.#parts = parts;
  }

  /** Settles what a crash left of imports. To be called once, before anything else. */
  recover(): Result<void> {
    return this.#parts.catalog.change(({ masters }) => {
      for (const { id, importState, location } of masters.list()) {
        if (importState !== 'importing') continue;
        // The file gets this name when it is complete, not before.
        if (fs.existsSync(location)) masters.imported(id, 'ready', null);
        else
          masters.imported(id, 'failed', 'The import was interrupted; remove this master and add it again.');
      }
    });
  }

  importProgress(id: string): number | null {
    return this.#imports.get(id)?.progress ?? null;
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
      return this.#beginImport(wanted, wanted.format);
    }
    const facts = await this.#look(wanted);
    return facts.ok ? this.#enter(wanted, facts.value, false) : facts;
  }

  /** Fails with `busy`, naming the machines, while disks lie on it. The file is deleted only where it is our own copy. */
  async remove({ id }: { id: string }): Promise<Result<void>> {
    const { catalog, nowMs } = this.#parts;
    const refused = catalog.read(({ masters }) => {
      const master = masters.find(id);
      if (master === null) return err('not-found', 'This master was removed already');
      if (master.source === 'recipe') {
        return err('unsupported', `'${master.name}' came with Headwater and cannot be removed`);
      }
      const needed = masters.neededBy(id);
      if (needed.length > 0) return err('busy', `'${master.name}' is needed by ${needed.join(', ')}`);
      return masters.isNeeded(id) ? err('busy', `Another master lies on '${master.name}'`) : ok(master);
    });
    const master = refused.ok ? refused.value : refused;
    if (!master.ok) return master;
    const running = this.#imports.get(id);
    running?.abort.abort();
    await running?.ended;
    const { location, owned } = master.value;
    const removed = catalog.change(({ masters, passingFiles }) => {
      masters.remove(id);
      if (owned) passingFiles.add([location], 'deleting', nowMs());
    });
    if (!removed.ok) return removed;
    const deleted = owned ? await this.#deleteFile(location) : DONE;
    this.#parts.changed();
    return deleted;
  }

  /** Cancels imports and waits until they have ended. */
  async close(): Promise<void> {
    const running = [...this.#imports.values()];
    for (const { abort } of running) abort.abort();
    await Promise.all(running.map(({ ended }) => ended));
  }

  async #deleteFile(file: string): Promise<Result<void>> {
    const removed = await removeFile(file);
    if (!removed.ok) return removed;
    return this.#parts.catalog.change(({ passingFiles }) => passingFiles.remove([file]));
  }

  async #look(wanted: NewMaster): Promise<Result<Facts>> {
    if (wanted.source === 'http') return this.#probe(wanted.url);
    const format = wanted.format === 'qed' ? 'qed' : 'raw';
    const location = path.resolve(wanted.path);
    const inspected = await this.#parts.tasks.run('inspect', { path: location, format });
    if (!inspected.ok) return inspected;
    return ok({ location, format, etag: null, ...inspected.value });
  }

  async #probe(url: string): Promise<Result<Facts>> {
    const device = await openHttpDevice(url, { clock: this.#parts.clock, connections: 1 });
    if (!device.ok) return device;
    const { lengthBytes, identity } = device.value;
    await device.value.close();
    const { etag, lastModified } = identity;
    return ok({ location: url, format: 'raw', lengthBytes, etag, lastModified });
  }

  #enter(wanted: NewMaster, facts: Facts, importing: boolean): Result<MasterView> {
    const { catalog, newId, nowMs, defaultMemoryMiB, changed } = this.#parts;
    if (facts.lengthBytes === 0) return err('invalid-argument', `'${facts.location}' is empty`);
    const id = newId();
    const master: Master = {
      ...facts,
      id,
      name: wanted.name,
      source: wanted.source,
      sha256: null,
      parentId: null,
      owned: importing,
      role: 'master',
      importState: importing ? 'importing' : 'ready',
      importProblem: null,
      createdMs: nowMs(),
    };
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
      if (importing) passingFiles.add([draftOf(master)], 'making', nowMs());
    });
    if (!stored.ok) return stored;
    changed();
    return ok(masterView(master, []));
  }

  async #beginImport(wanted: ForeignMaster, format: string): Promise<Result<MasterView>> {
    const { qemuImg, mastersFolder, newId } = this.#parts;
    if (!(await qemuImg.isAvailable())) {
      return err(
        'unsupported',
        `A ${format} image needs qemu-img, which is not installed (Debian: qemu-utils)`,
      );
    }
    const source = { path: wanted.path, format };
    const length = await qemuImg.lengthOf(source);
    if (!length.ok) return length;
    try {
      await fs.promises.mkdir(mastersFolder, { recursive: true });
    } catch (error) {
      return failureFromSystem(error, `Could not create '${mastersFolder}'`);
    }
    const location = path.join(mastersFolder, `${newId()}.raw`);
    const facts: Facts = {
      location,
      format: 'raw',
      lengthBytes: length.value,
      etag: null,
      lastModified: null,
    };
    const entered = this.#enter(wanted, facts, true);
    if (!entered.ok) return entered;
    const { id } = entered.value;
    const running: { -readonly [Key in keyof Import]: Import[Key] } = {
      progress: 0,
      abort: new AbortController(),
      ended: Promise.resolve(),
    };
    this.#imports.set(id, running);
    running.ended = this.#import(id, wanted.name, source, location, running);
    return entered;
  }

  async #import(
    id: string,
    name: string,
    source: { path: string; format: string },
    location: string,
    running: Import,
  ): Promise<void> {
    const { qemuImg, changed, notice, catalog } = this.#parts;
    const draft = draftOf({ location });
    const onProgress = this.#pacedProgress(running);
    const { signal } = running.abort;
    const converted = await qemuImg.convert(source, { path: draft, format: 'raw' }, { onProgress, signal });
    const placed = converted.ok ? await this.#place(draft, location) : converted;
    // A draft that cannot be deleted stays written down, and is deleted at the next start.
    const cleared = placed.ok ? DONE : await removeFile(draft);
    const problem = placed.ok ? null : placed.failure.message;
    const settled = catalog.change(({ masters, passingFiles }) => {
      masters.imported(id, placed.ok ? 'ready' : 'failed', problem);
      if (cleared.ok) passingFiles.remove([draft]);
    });
    this.#imports.delete(id);
    changed();
    const failure: Failure | null = placed.ok ? (settled.ok ? null : settled.failure) : placed.failure;
    if (failure === null) notice('info', `${name} is imported and can be started.`);
    else if (failure.code !== 'cancelled')
      notice('error', `${name} could not be imported: ${failure.message}`);
  }

  async #place(draft: string, location: string): Promise<Result<void>> {
    try {
      const handle = await fs.promises.open(draft, 'r+');
      await handle.sync().finally(() => handle.close());
      await fs.promises.rename(draft, location);
      return await syncFolder(path.dirname(location));
    } catch (error) {
      return failureFromSystem(error, `Could not store '${location}'`);
    }
  }

  /** The list changes once a second at most. */
  #pacedProgress(running: Import): (fraction: number) => void {
    const { clock, changed } = this.#parts;
    let toldMs = clock.now();
    return (fraction) => {
      running.progress = fraction;
      if (clock.now() - toldMs < 1000) return;
      toldMs = clock.now();
      changed();
    };
  }
}

/** Where a file lies until it is complete. */
function draftOf({ location }: { location: string }): string {
  return `${location}.part`;
}

async function removeFile(file: string): Promise<Result<void>> {
  try {
    await fs.promises.rm(file, { force: true });
    return DONE;
  } catch (error) {
    return failureFromSystem(error, `Could not delete '${file}'`);
  }
}
