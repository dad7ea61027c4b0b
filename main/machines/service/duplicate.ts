import path from 'node:path';
import { err, ok, type Result } from '../../../shared/result.ts';
import type { Catalog, Tables } from '../../catalog/catalog.ts';
import type { DiskRow } from '../../catalog/tables/disks.ts';
import type { MachineRow } from '../../catalog/tables/machines.ts';
import { newMaster } from '../../catalog/tables/masters.ts';
import type { SavedStateRow } from '../../catalog/tables/saved-states.ts';
import { newStream } from '../../catalog/tables/streams.ts';
import type { ContentStamp } from '../../qed/content-stamp.ts';
import { isFarAway, masterChain } from '../../disks/overlay-chain.ts';
import { freeName, imageFileName, nameOfCopy, stateFileName } from './names.ts';
import type { NewFile, NewOverlay } from './new-files.ts';

export interface DuplicateParts {
  readonly catalog: Catalog;
  readonly nowMs: () => number;
  readonly newId: () => string;
}

export interface DuplicatePlan {
  readonly machineId: string;
  readonly name: string;
  readonly files: readonly NewFile[];
  /** The disk of the copy. */
  readonly diskId: string;
  readonly enter: (tables: Tables) => void;
}

/** A machine that is off, as it is to be copied. */
export interface Original {
  readonly machine: MachineRow;
  readonly disk: DiskRow;
  /** The name that the image has for what it holds. */
  readonly contentStamp: ContentStamp | null;
  /** What both go on from; null when it is not suspended. */
  readonly state: SavedStateRow | null;
}

/**
 * What duplicating a machine that is off comes to:
 *
 * ```
 *   before:  master ◀── image             after:  master ◀── image ◀── new overlay of the machine
 *                                                  (as it was)  ◀────── overlay of its copy
 * ```
 *
 * The image is never written again. Where it was complete the two overlays are linked ones, thin, over a local disk;
 * where something of it is still missing both go on streaming by themselves, so that each becomes complete. Both hold
 * what the image held: of a suspended machine the copy goes on where the original does.
 */
export function planDuplicate(
  parts: DuplicateParts,
  { machine, disk, contentStamp, state }: Original,
): Result<DuplicatePlan> {
  const { catalog, newId, nowMs } = parts;
  const read = catalog.read(({ machines, masters, streams }) => ({
    name: freeName(nameOfCopy(machine.name), (name) => machines.isNameTaken(name)),
    behind: disk.masterId === null ? [] : masters.withParents(disk.masterId),
    stream: streams.find(disk.id) ?? newStream(disk.id, 'stopped'),
  }));
  if (!read.ok) return read;
  const { name, behind, stream } = read.value;
  const createdMs = nowMs();
  const snapshot = newMaster({
    id: newId(),
    name: `${machine.name}, ${new Date(createdMs).toISOString().slice(0, 16).replace('T', ' ')}`,
    source: 'file',
    location: disk.path,
    format: 'qed',
    lengthBytes: disk.lengthBytes,
    parentId: disk.masterId,
    owned: true,
    role: 'snapshot',
    createdMs,
  });
  const backing = masterChain([snapshot, ...behind]);
  if (backing === null) return err('not-found', 'There is nothing to copy', { words: ['nothing-to-copy'] });
  const folder = path.dirname(disk.path);
  const thin = !isFarAway(behind);
  const kind = thin ? 'linked' : 'standalone';
  // A port of this computer leads to one machine.
  const hardware = { ...machine.hardware, forwards: [] };
  const copy: MachineRow = { ...machine, id: newId(), name, createdMs, startedMs: null, hardware };
  const copyDiskId = newId();
  const ownPath = path.join(folder, imageFileName(machine.name, newId()));
  const copyPath = path.join(folder, imageFileName(name, copyDiskId));
  const overlay = (file: string): NewOverlay => ({
    kind: 'overlay',
    path: file,
    backing,
    lengthBytes: disk.lengthBytes,
    use: thin ? 'thin' : 'streaming',
    contentStamp,
  });
  const copiedState = state && {
    ...state,
    machineId: copy.id,
    path: path.join(folder, stateFileName(name, newId())),
  };
  const wanted = thin ? 'stopped' : stream.wanted;
  return ok({
    machineId: copy.id,
    name,
    files: [overlay(ownPath), overlay(copyPath), ...copiesOf(state?.path, copiedState?.path)],
    diskId: copyDiskId,
    enter({ machines, masters, disks, streams, surveys, savedStates }) {
      masters.add(snapshot);
      disks.replaceImage(disk.id, { path: ownPath, masterId: snapshot.id, kind });
      streams.put({ ...stream, wanted, completedMs: null });
      surveys.remove(disk.id);
      machines.add(copy);
      if (copiedState !== null) savedStates.add(copiedState);
      disks.add({
        id: copyDiskId,
        machineId: copy.id,
        masterId: snapshot.id,
        kind,
        path: copyPath,
        lengthBytes: disk.lengthBytes,
        createdMs,
      });
      streams.put({
        ...newStream(copyDiskId, wanted),
        onError: stream.onError,
        limit: stream.limit,
        priority: stream.priority,
      });
    },
  });
}

function copiesOf(from: string | undefined, path: string | undefined): NewFile[] {
  return from === undefined || path === undefined ? [] : [{ kind: 'copy', from, path }];
}
