import fs from 'node:fs';
import path from 'node:path';
import type { Notice } from '../../shared/ipc/notices.ts';
import { DONE, err, ok, type Failure, type Result } from '../../shared/result.ts';
import type { Activities, Activity } from '../activities/activities.ts';
import { failureFromSystem } from '../../shared/errno.ts';
import { putInPlace } from '../block/whole-file.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { ConvertOptions, QemuImg } from '../storage/overlays/qemu-img.ts';
import { draftOf, removeFile } from './master-files.ts';

export interface ImportParts {
  readonly catalog: Catalog;
  readonly qemuImg: QemuImg;
  /** Where converted masters are kept. */
  readonly mastersFolder: string;
  readonly newId: () => string;
  readonly activities: Activities;
  /** The list of appliances looks different now. */
  readonly changed: () => void;
  readonly notice: (notice: Notice) => void;
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

/** Masters that are being converted. A file gets its name when it is complete, not before. */
export class MasterImports {
  readonly #parts: ImportParts;

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

  /** Whether the disk can be converted, and into what. */
  async plan(source: ForeignDisk): Promise<Result<PlannedImport>> {
    const { qemuImg, mastersFolder, newId } = this.#parts;
    if (!(await qemuImg.isAvailable())) {
      return err(
        'unsupported',
        `A ${source.format} image needs qemu-img, which is not installed (Debian: qemu-utils)`,
        { words: ['needs-qemu-img'] },
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
    const about = { kind: 'import', subject: master.id, name: master.name, cancellable: true } as const;
    void this.#parts.activities.run(about, (activity) => this.#import(master, planned, activity));
  }

  async #import(
    { id, name }: { readonly id: string; readonly name: string },
    planned: PlannedImport,
    { signal, progress }: Activity,
  ): Promise<void> {
    const { changed, notice, catalog } = this.#parts;
    const { location } = planned;
    const draft = draftOf(location);
    const converted = await this.#convert(planned, draft, { onProgress: progress, signal });
    const placed = converted.ok ? await putInPlace(draft, location) : converted;
    // A draft that cannot be deleted stays written down, and is deleted at the next start.
    const cleared = placed.ok ? DONE : await removeFile(draft);
    const problem = placed.ok ? null : placed.failure.message;
    const settled = catalog.change(({ masters, passingFiles }) => {
      // One that nobody wants any more goes from the catalog; one that the program's end cut off is told of.
      if (!placed.ok && signal.reason === 'cancelled') masters.remove(id);
      else masters.imported(id, placed.ok ? 'ready' : 'failed', problem);
      if (cleared.ok) passingFiles.remove([draft]);
    });
    changed();
    const failure: Failure | null = placed.ok ? (settled.ok ? null : settled.failure) : placed.failure;
    if (failure === null) {
      const text = `${name} is imported and can be started.`;
      notice({ level: 'info', kind: 'imported', facts: [name], failure: null, subject: id, text });
    } else if (failure.code !== 'cancelled') {
      const text = `${name} could not be imported: ${failure.message}`;
      notice({ level: 'error', kind: 'import-failed', facts: [name], failure, subject: id, text });
    }
  }

  /** Looks at the source again at the end: it could have been made to name other files since it was planned. */
  async #convert(
    { source, lengthBytes }: PlannedImport,
    draft: string,
    follow: ConvertOptions,
  ): Promise<Result<void>> {
    const { qemuImg } = this.#parts;
    const converted = await qemuImg.convert(source, { path: draft, format: 'raw' }, follow);
    if (!converted.ok) return converted;
    const now = await qemuImg.lengthOf(source);
    if (!now.ok) return now;
    if (now.value === lengthBytes) return DONE;
    return err('source-changed', `'${source.path}' was changed while it was imported; add it again`, {
      words: ['changed-while-imported', source.path],
    });
  }
}
