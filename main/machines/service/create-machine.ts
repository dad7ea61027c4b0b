import path from 'node:path';
import { chooseBackEnd } from '../../../shared/back-end.ts';
import { USUAL_HARDWARE, type Guest } from '../../../shared/hardware.ts';
import type { NewMachine } from '../../../shared/ipc/catalog.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
import type { Catalog, Tables } from '../../catalog/catalog.ts';
import type { ApplianceRow } from '../../catalog/tables/appliances.ts';
import type { DiskRow } from '../../catalog/tables/disks.ts';
import type { MachineRow } from '../../catalog/tables/machines.ts';
import type { Master } from '../../catalog/tables/masters.ts';
import { newStream } from '../../catalog/tables/streams.ts';
import { masterChain } from '../../disks/overlay-chain.ts';
import type { QemuHost } from '../qemu/host.ts';
import { diskLengthOf, planBacking } from './backing-plan.ts';
import { publishedContentStamp } from '../../storage/saved-state/published-state.ts';
import type { InstantStates } from './instant-states.ts';
import type { MachineRows } from './machine-rows.ts';
import { imageFileName } from './names.ts';
import type { NewFile } from './new-files.ts';

/** What a machine is made from; the appliance service knows them. */
export interface ApplianceSource {
  resolve(id: string): Promise<Result<{ readonly appliance: ApplianceRow; readonly master: Master }>>;
}

export interface CreateParts {
  readonly catalog: Catalog;
  readonly appliances: ApplianceSource;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly storageFolder: () => string;
  readonly instantStates: Pick<InstantStates, 'whyNot'>;
  readonly qemu: Pick<QemuHost, 'has'>;
}

export interface CreatePlan {
  readonly machine: MachineRow;
  readonly files: readonly NewFile[];
  /** The disks that are new with it, in the order to be adopted: a copy it lies on, its own. */
  readonly diskIds: readonly string[];
  readonly enter: (tables: Tables) => void;
}

/** What making a machine with a new overlay over the appliance's master comes to. */
export async function planMachine(
  parts: CreateParts,
  rows: MachineRows,
  wanted: NewMachine,
): Promise<Result<CreatePlan>> {
  const { appliances, newId, nowMs, storageFolder, instantStates } = parts;
  const resolved = await appliances.resolve(wanted.applianceId);
  if (!resolved.ok) return resolved;
  const { appliance, master } = resolved.value;
  const kind = wanted.kind ?? 'standalone';
  const plan = planBacking(parts, master.id, kind, storageFolder());
  if (!plan.ok) return plan;
  const { masters, overlays, newCopyId } = plan.value;
  const backing = masterChain(masters);
  if (backing === null)
    return err('not-found', `'${master.name}' is not in the catalog any more`, { words: ['master-gone'] });
  const name = rows.chooseName(wanted.name, appliance.description.name);
  if (!name.ok) return name;
  const { published } = master;
  const usualMiB = appliance.description.memoryMiB;
  const guest = guestOf(appliance, master);
  const needs = { ...guest, memoryMiB: wanted.memoryMiB ?? usualMiB, diskBytes: diskLengthOf(master) };
  const runs = chooseBackEnd(needs, wanted.backEnd ?? 'automatic', (arch) => parts.qemu.has(arch));
  if (!runs.ok) return runs;
  // What is published was saved by v86.
  const boots = wanted.boot === true || runs.value !== 'v86';
  const state = boots ? undefined : published?.description.state;
  const memoryMiB =
    wanted.memoryMiB ??
    (state !== undefined && instantStates.whyNot(state, state.memoryMiB) === null
      ? state.memoryMiB
      : usualMiB);
  const machine: MachineRow = {
    id: newId(),
    name: name.value,
    applianceId: appliance.id,
    memoryMiB,
    createdMs: nowMs(),
    startedMs: null,
    instantStart: state === undefined ? null : published,
    guest,
    hardware: { ...USUAL_HARDWARE, backEnd: wanted.backEnd ?? 'automatic' },
  };
  const diskId = newId();
  const disk: DiskRow = {
    id: diskId,
    machineId: machine.id,
    masterId: masters[0]?.id ?? master.id,
    kind,
    path: path.join(wanted.folder ?? storageFolder(), imageFileName(machine.name, diskId)),
    lengthBytes: diskLengthOf(master),
    createdMs: nowMs(),
  };
  const lengthBytes = disk.lengthBytes;
  const use = kind === 'standalone' ? 'streaming' : 'thin';
  const contentStamp =
    published === null || state === undefined ? null : publishedContentStamp(published.description);
  return ok({
    machine,
    files: [...overlays, { kind: 'overlay', path: disk.path, backing, lengthBytes, use, contentStamp }],
    diskIds: newCopyId === null ? [diskId] : [newCopyId, diskId],
    enter: (tables) => {
      plan.value.enter(tables);
      tables.machines.add(machine);
      tables.disks.add(disk);
      tables.streams.put(newStream(diskId, kind === 'standalone' ? 'running' : 'stopped'));
    },
  });
}

/** A disk that a user brought says nothing of its guest, which has a driver for IDE, whatever it is. */
function guestOf({ feedId, description }: ApplianceRow, { source }: Master): Guest {
  const { arch, backEnds, diskBus, cloudInit } = description;
  const brought = feedId === null && source !== 'recipe';
  return { arch, backEnds, diskBus: diskBus ?? (brought ? 'ide' : 'virtio'), cloudInit };
}
