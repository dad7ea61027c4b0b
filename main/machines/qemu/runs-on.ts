import type { GuestArch } from '../../../shared/appliance.ts';
import { chooseBackEnd, type GuestNeeds } from '../../../shared/back-end.ts';
import type { Hardware } from '../../../shared/hardware.ts';
import type { MachineView } from '../../../shared/ipc/machines.ts';
import type { QemuHost } from './host.ts';

/** What machines run on, as far as that is known by now. */
export class RunsOn {
  readonly #host: QemuHost;
  readonly #found: () => void;

  /** @param found told when more is known than before */
  constructor(host: QemuHost, found: () => void) {
    this.#host = host;
    this.#found = found;
  }

  /** Null where nothing here can run it. */
  of(needs: GuestNeeds, { backEnd, accelerate }: Hardware): MachineView['runsOn'] {
    const chosen = chooseBackEnd(needs, backEnd, (arch) => this.#host.has(arch));
    if (!chosen.ok) return null;
    if (chosen.value === 'v86') return { backEnd: 'v86', qemu: null };
    const { arch } = chosen.value;
    const known = this.#host.known(arch, accelerate);
    if (known === null) void this.#look(arch, accelerate);
    return { backEnd: 'qemu', qemu: known && { version: known.version, accelerator: known.accelerator } };
  }

  async #look(arch: GuestArch, accelerate: boolean): Promise<void> {
    const program = await this.#host.program(arch, accelerate);
    if (program.ok) this.#found();
  }
}
