import path from 'node:path';
import { chooseBackEnd } from '../../shared/back-end.ts';
import { ok, type Result } from '../../shared/result.ts';
import type { MachineRow } from '../catalog/tables/machines.ts';
import type { OpenedDisk } from '../disks/opened-disk.ts';
import type { Machine } from './machine.ts';
import type { QemuHost } from './qemu/host.ts';
import { makeQemuMachine } from './qemu/make-machine.ts';
import { v86Maker } from './v86/make-machine.ts';

/** A machine of the catalog that is to be made for one start. */
export type MachineToMake = Pick<MachineRow, 'id' | 'name' | 'memoryMiB' | 'guest' | 'hardware'> & {
  readonly diskBytes: number;
};

export interface MakerParts {
  readonly qemu: QemuHost;
  /** Where set-up puts SeaBIOS. */
  readonly firmwareFolder: string;
  /** Where what QEMU says is kept, one file for each machine. */
  readonly logsFolder: string;
}

/** Where what QEMU says of a machine is kept. */
export function machineLog(logsFolder: string, id: string): string {
  return path.join(logsFolder, `${id}.log`);
}

/** Makes machines of the catalog, on what the user chose or what fits. */
export function machineMaker({ qemu, firmwareFolder, logsFolder }: MakerParts) {
  const inV86 = v86Maker(firmwareFolder);
  return (machine: MachineToMake, disk: OpenedDisk): Result<Machine> => {
    const { id, name, memoryMiB, diskBytes, guest, hardware } = machine;
    const chosen = chooseBackEnd({ ...guest, memoryMiB, diskBytes }, hardware.backEnd, (arch) =>
      qemu.has(arch),
    );
    if (!chosen.ok) return chosen;
    if (chosen.value === 'v86') return inV86(machine, disk);
    const { arch } = chosen.value;
    const diskBus = guest.diskBus ?? 'virtio';
    const logFile = machineLog(logsFolder, id);
    const cloudId = guest.cloudInit === true ? id : null;
    return ok(makeQemuMachine(qemu, { ...hardware, name, arch, memoryMiB, diskBus, cloudId, logFile }, disk));
  };
}
