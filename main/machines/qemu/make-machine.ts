import type { GuestArch } from '../../../shared/appliance.ts';
import type { PortForward } from '../../../shared/port-forward.ts';
import type { QemuConfiguration } from './command-line.ts';
import type { QemuHost } from './host.ts';
import type { QemuDisk } from './options.ts';
import { QemuMachine } from './qemu-machine.ts';

/** What a machine is to be like. */
export interface QemuWishes {
  readonly name: string;
  readonly arch: GuestArch;
  readonly memoryMiB: number;
  readonly diskBus: QemuConfiguration['diskBus'];
  readonly forwards: readonly PortForward[];
  /** What cloud-init is to know the machine by; null for a guest that asks nobody. */
  readonly cloudId: string | null;
  /** False: QEMU's own translator, whatever the computer offers. */
  readonly accelerate: boolean;
  readonly logFile: string;
}

/** Makes machines that QEMU runs, for disks that are open in threads of their own. */
export function makeQemuMachine(host: QemuHost, wishes: QemuWishes, disk: QemuDisk): QemuMachine {
  const { arch, accelerate, logFile, ...rest } = wishes;
  return new QemuMachine({
    configuration: { ...rest, arch },
    disk,
    program: () => host.program(arch, accelerate),
    logFile,
  });
}
