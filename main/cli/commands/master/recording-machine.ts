import path from 'node:path';
import { guestArchSchema, type GuestArch } from '../../../../shared/appliance.ts';
import { V86_MOST_MEMORY_MIB } from '../../../../shared/back-end.ts';
import { err, ok, type Result } from '../../../../shared/result.ts';
import type { Machine } from '../../../machines/machine.ts';
import { QemuHost } from '../../../machines/qemu/host.ts';
import { makeQemuMachine, type QemuWishes } from '../../../machines/qemu/make-machine.ts';
import { v86Maker } from '../../../machines/v86/make-machine.ts';
import type { DiskThread } from '../../../storage/disk/disk-thread.ts';
import type { NamedOption } from '../../arguments/command.ts';
import type { Given } from '../../arguments/given.ts';
import { memoryOption } from '../../arguments/memory.ts';
import { firmwareFolder, logsFolder } from '../../places.ts';

/** What the machine is like that boots a master to be recorded. */
export interface MachineArguments {
  readonly backEnd: 'v86' | 'qemu';
  readonly memoryMiB: number;
  readonly arch: GuestArch;
  readonly diskBus: QemuWishes['diskBus'];
}

export const MACHINE_OPTIONS = [
  { short: 'm', long: 'memory', argument: 'required' },
  { long: 'backend', argument: 'required' },
  { long: 'arch', argument: 'required' },
  { long: 'bus', argument: 'required' },
] as const satisfies readonly NamedOption[];
type MachineOption = (typeof MACHINE_OPTIONS)[number]['long'];

const MEMORY_MIB = { v86: '256', qemu: '512' };

export function parseMachine<Name extends string>(
  given: Given<Name | MachineOption>,
): Result<MachineArguments> {
  const backEnd = given.value('backend') ?? 'v86';
  if (backEnd !== 'v86' && backEnd !== 'qemu') return err('invalid-argument', '--backend takes v86 or qemu');
  const named = guestArchSchema.safeParse(given.value('arch') ?? (backEnd === 'v86' ? 'i386' : 'x86_64'));
  if (!named.success)
    return err('invalid-argument', `--arch takes one of ${guestArchSchema.options.join(', ')}`);
  const arch = named.data;
  const diskBus = given.value('bus') ?? (backEnd === 'v86' ? 'ide' : 'virtio');
  if (diskBus !== 'virtio' && diskBus !== 'ide') return err('invalid-argument', '--bus takes virtio or ide');
  if (backEnd === 'v86' && (arch !== 'i386' || diskBus !== 'ide')) {
    return err('invalid-argument', 'the built-in machine is an i386 with an ide disk; use --backend qemu');
  }
  const most = backEnd === 'v86' ? V86_MOST_MEMORY_MIB : undefined;
  const memoryMiB = memoryOption(given.value('memory') ?? MEMORY_MIB[backEnd], most);
  return memoryMiB.ok ? ok({ backEnd, memoryMiB: memoryMiB.value, arch, diskBus }) : memoryMiB;
}

/** Makes the machine over its open disk. */
export type RecordingMachine = (disk: DiskThread) => Result<Machine>;

/** Fails where the QEMU that is wanted is not here. */
export async function recordingMachine({
  backEnd,
  memoryMiB,
  arch,
  diskBus,
}: MachineArguments): Promise<Result<RecordingMachine>> {
  const name = 'the master';
  if (backEnd === 'v86') {
    const make = v86Maker(firmwareFolder());
    return ok((disk) => make({ name, memoryMiB }, disk));
  }
  const host = new QemuHost();
  const program = await host.program(arch, true);
  if (!program.ok) return program;
  const logFile = path.join(logsFolder(), 'record-boot.log');
  const wishes = { name, arch, memoryMiB, diskBus, forwards: [], cloudId: null, accelerate: true, logFile };
  return ok((disk) => ok(makeQemuMachine(host, wishes, disk)));
}
