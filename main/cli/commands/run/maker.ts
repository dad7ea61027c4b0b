import { createHash } from 'node:crypto';
import path from 'node:path';
import { chooseBackEnd } from '../../../../shared/back-end.ts';
import { err, ok, type Result } from '../../../../shared/result.ts';
import type { Machine } from '../../../machines/machine.ts';
import { describeQemu } from '../../../machines/qemu/describe.ts';
import { QemuHost } from '../../../machines/qemu/host.ts';
import { makeQemuMachine } from '../../../machines/qemu/make-machine.ts';
import { v86Maker } from '../../../machines/v86/make-machine.ts';
import type { DiskThread } from '../../../storage/disk/disk-thread.ts';
import { firmwareFolder, logsFolder } from '../../places.ts';
import type { RunArguments } from './arguments.ts';
import type { RunTarget } from './run-target.ts';

/** What runs the machine, and how it is made over its open disk. */
export interface MachineMaker {
  /** Null for v86; what QEMU is like on this computer. */
  readonly about: string | null;
  readonly make: (disk: DiskThread) => Result<Machine>;
}

/** Chooses the back end that is asked for, or fits. @param overlay names the log of QEMU's messages */
export async function chooseMaker(
  { backEnd, forwards, accelerate }: RunArguments,
  { name, memoryMiB, diskBytes, made }: RunTarget,
  overlay: string,
): Promise<Result<MachineMaker>> {
  const host = new QemuHost();
  const needs = { arch: made.arch, backEnds: made.backEnds, memoryMiB, diskBytes };
  // Ports can only be forwarded there.
  const choice = backEnd === 'automatic' && forwards.length > 0 ? 'qemu' : backEnd;
  const chosen = chooseBackEnd(needs, choice, (arch) => host.has(arch));
  if (!chosen.ok) return chosen;
  if (chosen.value === 'v86') {
    if (forwards.length > 0)
      return err('invalid-argument', '--forward: the built-in machine has no network; use qemu');
    return ok({ about: null, make: (disk) => v86Maker(firmwareFolder())({ name, memoryMiB }, disk) });
  }
  const { arch } = chosen.value;
  const program = await host.program(arch, accelerate);
  if (!program.ok) return program;
  const id = machineIdOf(overlay);
  const wishes = {
    ...{ name, arch, memoryMiB, forwards, accelerate, diskBus: made.diskBus ?? 'virtio' },
    logFile: path.join(logsFolder(), `${id}.log`),
    cloudId: made.cloudInit === true ? id : null,
  };
  return ok({ about: describeQemu(program.value), make: (disk) => ok(makeQemuMachine(host, wishes, disk)) });
}

/** Overlays of one name in two folders are two machines. */
function machineIdOf(overlay: string): string {
  const folder = createHash('sha256')
    .update(path.dirname(path.resolve(overlay)))
    .digest('hex');
  return `${path.basename(overlay)}-${folder.slice(0, 8)}`;
}
