import fs from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import { DONE, err, ok, type Failure, type Result } from '../../shared/result.ts';
import { failureFromSystem } from '../block/errno.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { syncFolder } from '../storage/overlays/create-overlay.ts';
import type { QemuImg } from '../storage/overlays/qemu-img.ts';
import { draftOf, removeFile } from './master-files.ts';

export interface ImportParts {
  readonly catalog: Catalog;
  readonly qemuImg: QemuImg;
  readonly clock: Clock;
  /** Where converted masters are kept. */
  readonly mastersFolder: string;
  readonly newId: () => string;
  /** The list of appliances looks different now. */
  readonly changed: () => void;
  readonly notice: (level: 'info' | 'error', text: string) => void;
}

/** A disk in a format that overlays cannot lie on. */
export interface ForeignDisk {
  readonly path: string;
  readonly format: string;
}

/** What is to become of it. */
export interface PlannedImport {
  readonly source: ForeignDisk;
  /** Where the raw master will lie. */
  readonly location: string;
  readonly lengthBytes: number;
}

class Import {
  readonly abort = new AbortController();
  progress = 0;
  ended: Promise<void> = Promise.resolve();
}

/** Masters that are being converted. A file gets its name when it is complete, not before. */
export class MasterImports {
  readonly #parts: ImportParts;
  readonly #running = new Map<string, Import>();

  constructor(parts: ImportParts) {
    this.#parts = parts;
  }

  /** Settles what a crash left. To be called once, before anything else. */
  recover(): Result<void> {
    return this.#parts.catalog.change(({ masters }) => {
      for (const { id, importState, location } of masters.list()) {
        if (importState !== 'importing') continue;
        if (fs.existsSync(location)) masters.imported(id, 'ready', null);
        else
          masters.imported(id, 'failed', 'The import was interrupted; remove this master and add it again.');
      }
    });
  }

  /** From 0 to 1; null when no import of this master is under way. */
  progressOf(id: string): number | null {
    return this.#running.get(id)?.progress ?? null;
  }

  /** Whether the disk can be converted, and into what. */
  async plan(source: ForeignDisk): Promise<Result<PlannedImport>> {
    const { qemuImg, mastersFolder, newId } = this.#parts;
    if (!(await qemuImg.isAvailable())) {
      return err(
        'unsupported',
        `A ${source.format} image needs qemu-img, which is not installed (Debian: qemu-utils)`,
      );
    }
    const length = await qemuImg.lengthOf(source);
    if (!length.ok) return length;
    try {
      await fs.promises.mkdir(mastersFolder, { recursive: true });
    } catch (error) {
      return failureFromSystem(error, `Could not create '${mastersFolder}'`);
    }
    return ok({ source, location: path.join(mastersFolder, `${newId()}.raw`), lengthBytes: length.value });
  }

  /** Converts behind the user's back. The master is in the catalog, as one that is being imported. */
  begin(master: { readonly id: string; readonly name: string }, planned: PlannedImport): void {
    const running = new Import();
    this.#running.set(master.id, running);
    running.ended = this.#import(master, planned, running);
  }

  /** Resolves when the import of this master, if there is one, has ended. */
  async cancel(id: string): Promise<void> {
    const running = this.#running.get(id);
    running?.abort.abort();
    await running?.ended;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((id) => this.cancel(id)));
  }

  async #import(
    { id, name }: { readonly id: string; readonly name: string },
    { source, location }: PlannedImport,
    running: Import,
  ): Promise<void> {
    const { qemuImg, changed, notice, catalog } = this.#parts;
    const draft = draftOf(location);
    const onProgress = this.#pacedProgress(running);
    const { signal } = running.abort;
    const converted = await qemuImg.convert(source, { path: draft, format: 'raw' }, { onProgress, signal });
    const placed = converted.ok ? await place(draft, location) : converted;
    // A draft that cannot be deleted stays written down, and is deleted at the next start.
    const cleared = placed.ok ? DONE : await removeFile(draft);
    const problem = placed.ok ? null : placed.failure.message;
    const settled = catalog.change(({ masters, passingFiles }) => {
      masters.imported(id, placed.ok ? 'ready' : 'failed', problem);
      if (cleared.ok) passingFiles.remove([draft]);
    });
    this.#running.delete(id);
    changed();
    const failure: Failure | null = placed.ok ? (settled.ok ? null : settled.failure) : placed.failure;
    if (failure === null) notice('info', `${name} is imported and can be started.`);
    else if (failure.code !== 'cancelled')
      notice('error', `${name} could not be imported: ${failure.message}`);
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

async function place(draft: string, location: string): Promise<Result<void>> {
  try {
    const handle = await fs.promises.open(draft, 'r+');
    await handle.sync().finally(() => handle.close());
    await fs.promises.rename(draft, location);
    return await syncFolder(path.dirname(location));
  } catch (error) {
    return failureFromSystem(error, `Could not store '${location}'`);
  }
}
