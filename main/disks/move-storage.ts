import path from 'node:path';
import { because, DONE, err, ok, type Result } from '../../shared/result.ts';
import type { Activities, Activity } from '../activities/activities.ts';
import type { Catalog, Tables } from '../catalog/catalog.ts';
import type { ImageFiles } from '../storage/overlays/image-files.ts';
import type { DiskRegistry } from './disk-registry.ts';
import { setImagePath } from './disk-rows.ts';
import type { Journal } from './journal.ts';
import { occupyAll } from './occupy-all.ts';
import { deletePassing, noteMaking } from '../catalog/passing-files.ts';

export interface MoveParts {
  readonly catalog: Catalog;
  readonly files: ImageFiles;
  readonly nowMs: () => number;
  readonly activities: Activities;
  readonly journal: Journal;
  readonly storageFolder: () => string;
}

/** A file of ours with the row that names it. */
interface Movable {
  readonly kind: 'disk' | 'snapshot' | 'state';
  /** Of a state, its machine's. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Moves every image of the storage folder to another one. Refused while machines run; streams pause. What was moved
 * before something went wrong stays moved, and trying again moves the rest.
 */
export async function moveStorage(
  parts: MoveParts,
  disks: DiskRegistry,
  target: string,
): Promise<Result<void>> {
  const { activities, journal, storageFolder } = parts;
  const running = disks.all().filter(({ usedByMachine }) => usedByMachine);
  if (running.length > 0) {
    return err(
      'busy',
      `The storage cannot be moved while machines run; stop them first (${running.length})`,
      { words: ['storage-in-use'] },
    );
  }
  const about = { kind: 'move', subject: null, name: target, cancellable: true } as const;
  const folders = { from: storageFolder(), to: target };
  // What lies on a copy lets go of it first.
  const [copies, others] = disks.copiesAndOthers();
  const moved = await occupyAll([...others, ...copies], 'being moved', async () => {
    const outcome = await activities.run(about, (activity) => moveImages(parts, folders, activity));
    for (const control of disks.all()) journal.report(disks.refresh(control));
    return outcome;
  });
  if (!moved.ok) return moved;
  if (moved.value > 0) {
    const text = `${moved.value} images were moved to '${target}'.`;
    const facts = [String(moved.value), target];
    journal.tell({ level: 'info', kind: 'storage-moved', facts, subject: target, text });
  }
  return DONE;
}

/**
 * Moves every image of one folder to another; nobody may use any of them. What was moved before something went wrong
 * stays moved, and trying again moves the rest.
 * @returns how many were moved
 */
async function moveImages(
  parts: MoveParts,
  folders: { readonly from: string; readonly to: string },
  { signal, progress }: Activity,
): Promise<Result<number>> {
  const images = imagesIn(parts.catalog, folders.from, folders.to);
  if (!images.ok) return images;
  let moved = 0;
  for (const [index, image] of images.value.entries()) {
    if (signal.aborted) {
      return because(`${moved} of ${images.value.length} images were moved to '${folders.to}'`, STOPPED);
    }
    progress(index / images.value.length);
    // One that is missing cannot be moved; it is shown as missing, and must not hold up the others.
    const there = await parts.files.stateOf(image.from);
    if (!there.ok && there.failure.code === 'not-found') continue;
    const outcome = await moveImage(parts, image);
    if (!outcome.ok)
      return because(`${moved} of ${images.value.length} images were moved to '${folders.to}'`, outcome);
    moved++;
  }
  return ok(moved);
}

const STOPPED = err('cancelled', 'The rest stays where it was');

/**
 * The images in a folder: overlays, the snapshots that some of them lie on, saved states. What the user put elsewhere when a
 * machine was made stays there.
 */
function imagesIn(catalog: Catalog, folder: string, target: string): Result<Movable[]> {
  const toFolder = (file: string) => path.join(target, path.basename(file));
  return catalog.read(({ disks, masters, savedStates }) =>
    [
      ...masters.list().flatMap(({ id, role, location }) => {
        return role === 'snapshot'
          ? [{ kind: 'snapshot' as const, id, from: location, to: toFolder(location) }]
          : [];
      }),
      ...disks
        .list()
        .map(({ id, path: file }) => ({ kind: 'disk' as const, id, from: file, to: toFolder(file) })),
      ...savedStates.list().map(({ machineId: id, path: file }) => ({
        kind: 'state' as const,
        id,
        from: file,
        to: toFolder(file),
      })),
    ].filter(({ from, to }) => path.dirname(from) === path.resolve(folder) && from !== to),
  );
}

/**
 * Moves one image: writes down the new file, copies, lets the row name it, and only then deletes the old one. A crash
 * leaves the row with one whole file, and the other is deleted at the next start.
 */
async function moveImage(parts: MoveParts, image: Movable): Promise<Result<void>> {
  const { catalog, files, nowMs } = parts;
  const { from, to } = image;
  const context = `Could not move '${from}'`;
  // What is there already is somebody's. After it is written down it would be taken for ours.
  const there = await files.stateOf(to);
  if (there.ok)
    return err('already-exists', `${context}: '${to}' exists; move it away first`, {
      words: ['file-in-the-way', to],
    });
  if (there.failure.code !== 'not-found') return because(context, there);
  const begun = await noteMaking(parts, [to]);
  if (!begun.ok) return because(context, begun);
  const copied = await files.duplicate(from, to);
  if (!copied.ok) {
    const undone = await deletePassing(catalog, files, [to]);
    return because(context, undone.ok ? copied : undone);
  }
  const named = catalog.change((tables) => {
    setPlace(tables, image);
    tables.passingFiles.remove([to]);
    tables.passingFiles.add([from], 'deleting', nowMs());
  });
  if (!named.ok) return because(context, named);
  const deleted = await deletePassing(catalog, files, [from]);
  return deleted.ok ? DONE : because(context, deleted);
}

function setPlace(tables: Tables, { kind, id, to }: Movable): void {
  const { masters, savedStates } = tables;
  switch (kind) {
    case 'disk':
      return setImagePath(tables, id, to);
    case 'snapshot':
      return masters.moved(id, to, masters.find(id)?.lastModified ?? null);
    case 'state':
      return savedStates.setPath(id, to);
  }
}
