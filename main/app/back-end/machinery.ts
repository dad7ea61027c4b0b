import path from 'node:path';
import { OneAtATime } from '../../../shared/one-at-a-time.ts';
import type { ApplianceService } from '../../appliances/appliance-service.ts';
import { DiskService } from '../../disks/disk-service.ts';
import { MasterCopies } from '../../disks/master-copies.ts';
import { reclaimUnlisted } from '../../disks/reclaim-unlisted.ts';
import { InstantStates } from '../../machines/service/instant-states.ts';
import { MachineService, type MachineServiceParts } from '../../machines/service/machine-service.ts';
import { DiskThread } from '../../storage/disk/disk-thread.ts';
import type { Foundation } from './foundation.ts';
import type { BackEndOptions } from './options.ts';

/** Machines and the disks they are on. */
export interface Machinery {
  readonly disks: DiskService;
  readonly copies: MasterCopies;
  readonly machines: MachineService;
  /** Takes back what feeds do not list any more and no machine needs. */
  readonly reclaim: MachineServiceParts['reclaim'];
}

export function wireMachinery(
  base: Foundation,
  options: BackEndOptions,
  appliances: ApplianceService,
): Machinery {
  // What makes copies of masters, and what removes them, takes turns.
  const copyWork = new OneAtATime();
  const disks = wireDisks(base, options, {
    diskChanged: (machineId) => machines.diskChanged(machineId),
    tidyCopies: () => void copies.tidy(),
  });
  const copies = wireCopies(base, disks, copyWork);
  const reclaim = async () => {
    const reclaimed = await reclaimUnlisted({ ...base, copies });
    base.catalogChanged();
    return reclaimed;
  };
  const machines = wireMachines(base, options, { disks, appliances, copyWork, reclaim });
  return { disks, copies, machines, reclaim };
}

/** What stands on disks, and does not exist yet. */
interface OnDisks {
  readonly diskChanged: MachineService['diskChanged'];
  readonly tidyCopies: () => void;
}

function wireDisks(
  base: Foundation,
  options: BackEndOptions,
  { diskChanged, tidyCopies }: OnDisks,
): DiskService {
  const { publish, preferences, catalogChanged } = base;
  const disks = new DiskService({
    ...base,
    open: options.openDisk ?? ((spec, listen) => DiskThread.open(spec, listen)),
    parallelStreams: () => preferences.current.parallelStreams,
    changed: (disk) => {
      publish('disk.changed', disk);
      diskChanged(disk.machineId);
    },
    removed: (id) => publish('disk.removed', { id }),
    usersChanged: () => {
      publish('masters.changed', null);
      tidyCopies();
    },
    bootLearned: catalogChanged,
  });
  preferences.onChange(() => disks.recountTurns());
  return disks;
}

function wireCopies(base: Foundation, disks: DiskService, copyWork: OneAtATime): MasterCopies {
  const { preferences } = base;
  const removeUnused = () => preferences.current.removeUnusedCopies;
  const copies = new MasterCopies({ ...base, disks, copyWork, removeUnused });
  preferences.onChange(() => void copies.tidy());
  return copies;
}

interface UnderMachines {
  readonly disks: DiskService;
  readonly appliances: ApplianceService;
  readonly copyWork: OneAtATime;
  readonly reclaim: MachineServiceParts['reclaim'];
}

function wireMachines(base: Foundation, options: BackEndOptions, under: UnderMachines): MachineService {
  const { publish, preferences, qemu, catalogChanged } = base;
  const { dataFolder, makeMachine } = options;
  const folder = path.join(dataFolder, 'states');
  const instantStates = new InstantStates({ ...base, folder, globalLimit: () => under.disks.globalLimit });
  const machines = new MachineService({
    ...base,
    ...under,
    instantStates,
    makeMachine,
    changed: (machine) => publish('machine.changed', machine),
    removed: (id) => publish('machine.removed', { id }),
  });
  qemu.setFolder(preferences.current.qemuFolder);
  preferences.onChange(({ qemuFolder }) => {
    if (!qemu.setFolder(qemuFolder)) return;
    catalogChanged();
    machines.publishAll();
  });
  return machines;
}
