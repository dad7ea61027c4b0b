import { chooseBackEnd } from '../../../shared/back-end.ts';
import type { Hardware } from '../../../shared/hardware.ts';
import { hostPortName } from '../../../shared/port-forward.ts';
import { DONE, err, type Result } from '../../../shared/result.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import type { MachineRow } from '../../catalog/tables/machines.ts';
import type { QemuHost } from '../qemu/host.ts';
import type { MachineRows } from './machine-rows.ts';

export interface HardwareParts {
  readonly catalog: Catalog;
  readonly qemu: Pick<QemuHost, 'has'>;
}

/** Whether a machine that is off can have this hardware. */
export function checkHardware(
  { catalog, qemu }: HardwareParts,
  rows: MachineRows,
  { id, name, guest, memoryMiB }: MachineRow,
  hardware: Hardware,
): Result<void> {
  const saved = rows.savedStateOf(id);
  if (!saved.ok) return saved;
  if (saved.value !== null) {
    return err('invalid-argument', `${name} is suspended: resume it, or discard its saved state first`, {
      words: ['machine-suspended', name],
    });
  }
  const disk = rows.diskOf(id);
  if (!disk.ok) return disk;
  const needs = { ...guest, memoryMiB, diskBytes: disk.value.lengthBytes };
  const runs = chooseBackEnd(needs, hardware.backEnd, (arch) => qemu.has(arch));
  // What is chosen by itself may become possible later.
  if (!runs.ok && hardware.backEnd !== 'automatic') return runs;
  const others = catalog.read(({ machines }) => machines.list().filter((other) => other.id !== id));
  return others.ok ? checkPorts(hardware, others.value) : others;
}

/** A port of this computer leads to one machine: two could not be on together. */
function checkPorts({ forwards }: Hardware, others: readonly MachineRow[]): Result<void> {
  for (const forward of forwards) {
    const port = hostPortName(forward);
    const other = others.find(({ hardware }) =>
      hardware.forwards.some((taken) => hostPortName(taken) === port),
    );
    if (other === undefined) continue;
    return err('busy', `${port} of this computer leads to ${other.name} already; choose another one`, {
      words: ['port-of-machine', port, other.name],
    });
  }
  return DONE;
}
