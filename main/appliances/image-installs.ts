import fs from 'node:fs';
import path from 'node:path';
import type { Notice } from '../../shared/ipc/notices.ts';
import { DONE, err, ok, type Result } from '../../shared/result.ts';
import type { Activities, Activity } from '../activities/activities.ts';
import { failureFromSystem } from '../../shared/errno.ts';
import { nameAlso, putInPlace } from '../block/whole-file.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { newMaster } from '../catalog/tables/masters.ts';
import { applianceIdOf, imageMasterIdOf, installImage } from '../feeds/install.ts';
import type { ImageAppliance, ListedImage } from '../feeds/listing.ts';
import { draftOf, removeFile } from '../masters/master-files.ts';
import { canUnpack } from '../storage/download/unpack.ts';
import { partOf } from '../storage/download/kept-download.ts';
import type { ImageTasks } from '../storage/overlays/image-tasks-client.ts';
import type { QemuImg } from '../storage/overlays/qemu-img.ts';

export interface ImageInstallParts {
  readonly catalog: Catalog;
  readonly tasks: Pick<ImageTasks, 'run'>;
  readonly qemuImg: QemuImg;
  readonly activities: Activities;
  /** Where masters lie that are kept as files. */
  readonly mastersFolder: string;
  /** Where images lie that are being downloaded; a cache, which may be emptied at any time. */
  readonly downloadsFolder: string;
  /** Memory of the bucket that everything draws on. */
  readonly globalLimit: () => SharedArrayBuffer;
  readonly connections: () => number;
  readonly nowMs: () => number;
  /** The list of appliances looks different now. */
  readonly changed: () => void;
  readonly notice: (notice: Notice) => void;
}

/** An image on its way to becoming a master. */
interface Install {
  readonly feedId: string;
  readonly appliance: ImageAppliance;
  readonly masterId: string;
  readonly name: string;
}

/**
 * Images of image servers, which nobody can verify before all of it is here: they are downloaded whole, compared with
 * their checksum, unpacked and converted, and only then is there a master. What is here of a download stays when it ends
 * early, and the next one goes on with it.
 */
export class ImageInstalls {
  readonly #parts: ImageInstallParts;
  readonly #running = new Map<string, Promise<Result<void>>>();

  constructor(parts: ImageInstallParts) {
    this.#parts = parts;
  }

  /** Begins, unless it is under way. Fails with `unsupported` where it could not end well on this computer. */
  async begin(feedId: string, appliance: ImageAppliance): Promise<Result<void>> {
    const id = applianceIdOf(feedId, appliance);
    if (this.#running.has(id)) return DONE;
    const { description, content } = appliance;
    const name = `${description.name} ${description.version}`.trim();
    const install: Install = { feedId, appliance, name, masterId: imageMasterIdOf(id, content) };
    const known = this.#enterKnown(install);
    if (!known.ok || known.value) return known.ok ? DONE : known;
    const possible = await this.#check(content);
    if (!possible.ok) return possible;
    if (this.#running.has(id)) return DONE;
    const about = { kind: 'import', subject: id, name, cancellable: true } as const;
    const running = this.#parts.activities.run(about, (activity) => this.#install(install, activity));
    this.#running.set(
      id,
      running.finally(() => this.#running.delete(id)),
    );
    return DONE;
  }

  /** What became of one that is under way. */
  ended(applianceId: string): Promise<Result<void>> {
    return this.#running.get(applianceId) ?? Promise.resolve(DONE);
  }

  /**
   * Deletes what is here of images that no list has any more, or that are masters already.
   * @param listed ids of masters that they would become; null where not every list is known: then nothing is deleted
   */
  tidy(listed: ReadonlySet<string> | null): Result<void> {
    if (listed === null) return DONE;
    const { catalog, downloadsFolder } = this.#parts;
    const entered = catalog.read(({ masters }) => new Set(masters.list().map(({ id }) => id)));
    if (!entered.ok) return entered;
    try {
      const names = fs.existsSync(downloadsFolder) ? fs.readdirSync(downloadsFolder) : [];
      for (const name of names) {
        const [id = ''] = name.replace(/^\./, '').split('.');
        if (!listed.has(id) || entered.value.has(id))
          fs.rmSync(path.join(downloadsFolder, name), { force: true });
      }
      return DONE;
    } catch (error) {
      return failureFromSystem(error, `Could not tidy '${downloadsFolder}'`);
    }
  }

  async #check({ format, packing }: ListedImage): Promise<Result<void>> {
    if (!canUnpack(packing)) return cannotUnpack(packing);
    if (format === 'raw' || (await this.#parts.qemuImg.isAvailable())) return DONE;
    return err(
      'unsupported',
      `A ${format} image needs qemu-img, which is not installed (Debian: qemu-utils)`,
      { words: ['needs-qemu-img'] },
    );
  }

  /** An image that is a master already, because disks lie on it, is not fetched again. */
  #enterKnown({ feedId, appliance, masterId }: Install): Result<boolean> {
    const { catalog, nowMs, changed } = this.#parts;
    const entered = catalog.change((tables) => {
      const master = tables.masters.find(masterId);
      if (master !== null) installImage(tables, feedId, appliance, master, nowMs());
      return master !== null;
    });
    if (entered.ok && entered.value) changed();
    return entered;
  }

  async #install(install: Install, activity: Activity): Promise<Result<void>> {
    const { changed, notice } = this.#parts;
    const { name, masterId } = install;
    const installed = await this.#fetchAndEnter(install, activity);
    const download = this.#downloadOf(masterId);
    // One that nobody wants any more goes; one that broke off is gone on with.
    const wanted = !installed.ok && activity.signal.reason !== 'cancelled';
    if (!wanted) for (const file of [download, partOf(download)]) await removeFile(file);
    changed();
    const subject = applianceIdOf(install.feedId, install.appliance);
    if (installed.ok) {
      const text = `${name} is imported and can be started.`;
      notice({ level: 'info', kind: 'imported', facts: [name], failure: null, subject, text });
    } else if (installed.failure.code !== 'cancelled') {
      const { failure } = installed;
      const text = `${name} could not be imported: ${failure.message}`;
      notice({ level: 'error', kind: 'import-failed', facts: [name], failure, subject, text });
    }
    return installed;
  }

  async #fetchAndEnter(install: Install, { signal, progress }: Activity): Promise<Result<void>> {
    const { tasks, catalog, mastersFolder, globalLimit, connections, nowMs } = this.#parts;
    const { format, location: from, lengthBytes: sizeBytes, sha256, packing } = install.appliance.content;
    const file = this.#downloadOf(install.masterId);
    // Converting takes a part of the time that a download does.
    const share = format === 'raw' ? 1 : 0.8;
    const image = { location: from, lengthBytes: sizeBytes, sha256, packing };
    const wanted = { image, file, globalLimit: globalLimit(), connections: connections() };
    const onProgress = (fraction: number) => progress(fraction * share);
    const fetched = fs.existsSync(file)
      ? DONE
      : await tasks.run('fetchImage', wanted, { signal, onProgress });
    if (!fetched.ok) return fetched;
    const location = path.join(mastersFolder, `${install.masterId}.raw`);
    const draft = draftOf(location);
    const begun = catalog.change(({ passingFiles }) =>
      passingFiles.add([draft, location], 'making', nowMs()),
    );
    if (!begun.ok) return begun;
    const lengthBytes = await this.#make(file, format, { draft, location }, signal, (fraction) =>
      progress(share + (1 - share) * fraction),
    );
    // A draft that cannot be deleted stays written down, and is deleted at the next start.
    const cleared = lengthBytes.ok ? DONE : await removeFile(draft);
    const settled = catalog.change((tables) => {
      if (lengthBytes.ok) this.#enter(tables, install, location, lengthBytes.value);
      if (cleared.ok) tables.passingFiles.remove([draft, location]);
    });
    return lengthBytes.ok ? settled : lengthBytes;
  }

  /** Makes the raw master of what was downloaded. @returns how long it is, in bytes */
  async #make(
    file: string,
    format: ListedImage['format'],
    { draft, location }: { readonly draft: string; readonly location: string },
    signal: AbortSignal,
    onProgress: (fraction: number) => void,
  ): Promise<Result<number>> {
    const { qemuImg, mastersFolder } = this.#parts;
    try {
      await fs.promises.mkdir(mastersFolder, { recursive: true });
    } catch (error) {
      return failureFromSystem(error, `Could not create '${mastersFolder}'`);
    }
    if (format !== 'raw') {
      // What the image says of itself comes from a stranger: it must not name files of this computer.
      const length = await qemuImg.lengthOf({ path: file, format });
      if (!length.ok) return length;
      const target = { path: draft, format: 'raw' };
      const converted = await qemuImg.convert({ path: file, format }, target, { onProgress, signal });
      if (!converted.ok) return converted;
    }
    // The download stays until the master is entered: who is killed before that need not fetch it again.
    const placed = format === 'raw' ? await nameAlso(file, location) : await putInPlace(draft, location);
    return placed.ok ? lengthOf(location) : placed;
  }

  #enter(
    tables: Parameters<typeof installImage>[0],
    { feedId, appliance, masterId, name }: Install,
    location: string,
    lengthBytes: number,
  ): void {
    const createdMs = this.#parts.nowMs();
    const facts = { location, format: 'raw', lengthBytes, createdMs } as const;
    const master = newMaster({ id: masterId, name, source: 'file', owned: true, ...facts });
    installImage(tables, feedId, appliance, master, createdMs);
  }

  #downloadOf(masterId: string): string {
    return path.join(this.#parts.downloadsFolder, `${masterId}.image`);
  }
}

/** Why an image cannot be used here at all. */
export function cannotUnpack(packing: string) {
  return err('unsupported', `Its image is compressed with ${packing}, which cannot be unpacked here`, {
    words: ['cannot-unpack', packing],
  });
}

async function lengthOf(file: string): Promise<Result<number>> {
  try {
    const { size } = await fs.promises.stat(file);
    return size > 0 ? ok(size) : err('malformed', `'${file}' is empty`, { words: ['file-empty', file] });
  } catch (error) {
    return failureFromSystem(error, `Could not look at '${file}'`);
  }
}
