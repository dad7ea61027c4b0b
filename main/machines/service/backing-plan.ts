import path from 'node:path';
import type { Catalog, Tables } from '../../catalog/catalog.ts';
import { newMaster, type Master } from '../../catalog/tables/masters.ts';
import { newStream } from '../../catalog/tables/streams.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
import { streamOf } from '../../disks/disk-rows.ts';
import { isFarAway, masterChain } from '../../disks/overlay-chain.ts';
import { imageFileName } from './names.ts';
import type { NewOverlay } from './new-files.ts';

export interface BackingPlanParts {
  readonly catalog: Catalog;
  readonly nowMs: () => number;
  readonly newId: () => string;
}

/** What a new disk is to lie on. */
export interface BackingPlan {
  /** Topmost first; never none. */
  readonly masters: readonly Master[];
  /** What has to be made for that. */
  readonly overlays: readonly NewOverlay[];
  /** To be called in the transaction that enters the disk, before that. */
  readonly enter: (tables: Tables) => void;
  /** The disk of a copy that is new with it. */
  readonly newCopyId: string | null;
}

/**
 * A disk that streams lies on the master. One that stays thin lies on it as well where it is on this computer, and
 * otherwise on the local copy that all thin disks of the master share; the first one makes it (ADR 16).
 *
 * @param folder where a new copy goes
 */
export function planBacking(
  parts: BackingPlanParts,
  masterId: string,
  kind: 'standalone' | 'linked',
  folder: string,
): Result<BackingPlan> {
  const read = parts.catalog.read(({ masters }) => ({
    behind: masters.withParents(masterId),
    copy: masters.copyOf(masterId),
  }));
  if (!read.ok) return read;
  const { behind, copy } = read.value;
  const [master] = behind;
  if (master === undefined)
    return err('not-found', 'This master is not in the catalog any more', { words: ['master-gone'] });
  if (kind === 'standalone' || !isFarAway(behind)) return ok(onMasters(behind));
  if (copy !== null) return ok(onCopy(copy, behind));
  return ok(onNewCopy(parts, master, behind, folder));
}

function onMasters(masters: readonly Master[]): BackingPlan {
  return { masters, overlays: [], enter: () => undefined, newCopyId: null };
}

function onCopy(copy: Master, behind: readonly Master[]): BackingPlan {
  return {
    masters: copy.parentId === null ? [copy] : [copy, ...behind],
    overlays: [],
    enter: (tables) => {
      // One that nobody needed has rested.
      const stream = streamOf(tables, copy.id);
      const rests =
        stream.wanted === 'paused' && stream.completedMs === null && !tables.masters.isNeeded(copy.id);
      if (rests) tables.streams.put({ ...stream, wanted: 'running' });
    },
    newCopyId: null,
  };
}

function onNewCopy(
  { newId, nowMs }: BackingPlanParts,
  master: Master,
  behind: readonly Master[],
  folder: string,
): BackingPlan {
  const id = newId();
  const location = path.join(folder, imageFileName(`${master.name} copy`, id));
  const lengthBytes = diskLengthOf(master);
  const createdMs = nowMs();
  const copy = newMaster({
    id,
    name: master.name,
    source: 'file',
    location,
    format: 'qed',
    lengthBytes,
    parentId: master.id,
    owned: true,
    role: 'copy',
    copyOf: master.id,
    createdMs,
  });
  const backing = masterChain(behind);
  return {
    masters: [copy, ...behind],
    overlays:
      backing === null
        ? []
        : [
            {
              kind: 'overlay',
              path: location,
              backing,
              lengthBytes,
              use: 'streaming',
              contentStamp: null,
            },
          ],
    enter: ({ masters, disks, streams }) => {
      masters.add(copy);
      const disk = { id, machineId: null, masterId: master.id, path: location, lengthBytes, createdMs };
      disks.add({ ...disk, kind: 'standalone' });
      streams.put(newStream(id, 'running'));
    },
    newCopyId: id,
  };
}

/** A disk is a whole number of sectors. */
export function diskLengthOf({ lengthBytes }: Pick<Master, 'lengthBytes'>): number {
  return Math.ceil(lengthBytes / 512) * 512;
}
