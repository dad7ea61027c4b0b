import path from 'node:path';
import { DONE, type Result } from '../../shared/result.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { ImageFiles } from '../storage/overlays/image-files.ts';
import { setImagePath } from './disk-rows.ts';
import type { Journal } from './journal.ts';
import { deleteAllPassing } from '../catalog/passing-files.ts';

export interface ReconcileParts {
  readonly catalog: Catalog;
  readonly files: ImageFiles;
  readonly journal: Journal;
  /** Where overlays lie, or may have been moved to by hand. */
  readonly folders: readonly string[];
}

/**
 * Compares the catalog with the files, at start: finishes what a crash cut off, finds images that were moved by hand,
 * and tells of what does not fit. Nothing is deleted but what this program was making or deleting itself.
 */
export async function reconcile(parts: ReconcileParts): Promise<Result<void>> {
  const cleaned = await deleteAllPassing(parts.catalog, parts.files);
  if (!cleaned.ok) return cleaned;
  for (const outcome of cleaned.value) parts.journal.report(outcome);
  const found = await findImages(parts);
  if (!found.ok) return found;
  const moved = await findMoved(parts, found.value);
  if (!moved.ok) return moved;
  const states = await tellOfMissingStates(parts);
  if (!states.ok) return states;
  const strangers = tellOfStrangers(parts, found.value);
  return strangers.ok ? tellOfOrphans(parts) : strangers;
}

async function findImages({ files, folders, journal }: ReconcileParts): Promise<Result<string[]>> {
  const found = new Set<string>();
  for (const folder of folders) {
    const listed = await files.list(folder);
    // A folder on a drive that is not there must not keep the program from starting.
    journal.report(listed);
    if (listed.ok) for (const file of listed.value) found.add(file);
  }
  return { ok: true, value: [...found] };
}

/** Names of our overlays carry an id, so a file of that name in one of our folders is the one that is missed. */
async function findMoved(
  { catalog, files, journal }: ReconcileParts,
  found: readonly string[],
): Promise<Result<void>> {
  const rows = catalog.read(({ disks }) => disks.list());
  if (!rows.ok) return rows;
  for (const { id, path: expected } of rows.value) {
    const state = await files.stateOf(expected);
    if (state.ok || state.failure.code !== 'not-found') {
      journal.forget('disk-missing', id);
      continue;
    }
    const candidates = found.filter((file) => path.basename(file) === path.basename(expected));
    const [place, ...others] = candidates;
    const free = place === undefined ? { ok: true as const, value: true } : isFree(catalog, place);
    if (!free.ok) return free;
    if (place === undefined || others.length > 0 || !free.value) {
      const text = `'${expected}' is missing. Put it back, or delete its machine.`;
      journal.tellOnce({ level: 'error', kind: 'disk-missing', facts: [expected], subject: id, text });
      continue;
    }
    const moved = catalog.change((tables) => setImagePath(tables, id, place));
    if (!moved.ok) return moved;
    const text = `'${expected}' was found again as '${place}'.`;
    journal.tell({ level: 'info', kind: 'disk-moved', facts: [expected, place], subject: id, text });
  }
  return DONE;
}

function isFree(catalog: Catalog, file: string): Result<boolean> {
  return catalog.read(({ passingFiles }) => !passingFiles.isOwned(file));
}

async function tellOfMissingStates({ catalog, files, journal }: ReconcileParts): Promise<Result<void>> {
  const rows = catalog.read(({ savedStates, machines }) =>
    savedStates.list().map(({ machineId, path: file }) => ({ file, machine: machines.find(machineId) })),
  );
  if (!rows.ok) return rows;
  for (const { file, machine } of rows.value) {
    const state = await files.stateOf(file);
    if (machine === null || state.ok || state.failure.code !== 'not-found') continue;
    const text = `What was saved of ${machine.name} is missing ('${file}'): put it back, or it will start from its disk.`;
    const facts = [machine.name, file];
    journal.tellOnce({ level: 'warning', kind: 'saved-state-missing', facts, subject: file, text });
  }
  return DONE;
}

function tellOfStrangers({ catalog, journal }: ReconcileParts, found: readonly string[]): Result<void> {
  const strangers = catalog.read(({ passingFiles }) => found.filter((file) => !passingFiles.isOwned(file)));
  if (!strangers.ok) return strangers;
  for (const file of strangers.value) {
    const text = `'${file}' lies among the disks but belongs to no machine; it is left alone.`;
    journal.tellOnce({ level: 'warning', kind: 'foreign-image', facts: [file], subject: file, text });
  }
  return DONE;
}

function tellOfOrphans({ catalog, journal }: ReconcileParts): Result<void> {
  const orphans = catalog.read(({ disks, machines, masters }) => ({
    disks: disks.list().filter(({ id, machineId }) => machineId === null && masters.find(id) === null),
    machines: machines.list().filter(({ id }) => disks.ofMachine(id).length === 0),
  }));
  if (!orphans.ok) return orphans;
  for (const disk of orphans.value.disks) {
    const text = `'${disk.path}' belongs to no machine any more.`;
    journal.tellOnce({
      level: 'warning',
      kind: 'disk-without-machine',
      facts: [disk.path],
      subject: disk.id,
      text,
    });
  }
  for (const machine of orphans.value.machines) {
    const text = `The machine ${machine.name} has lost its disk.`;
    journal.tellOnce({
      level: 'error',
      kind: 'machine-without-disk',
      facts: [machine.name],
      subject: machine.id,
      text,
    });
  }
  return DONE;
}
