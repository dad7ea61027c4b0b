/** The QMP sockets of the app: one for all its open disks, and one for each machine that is on. Knows no Electron. */
import fs from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import { OneAtATime } from '../../shared/one-at-a-time.ts';
import type { MachineCommand } from '../../shared/ipc/machines.ts';
import { failureFromSystem } from '../../shared/errno.ts';
import type { DiskService } from '../disks/disk-service.ts';
import type { Machine } from '../machines/machine.ts';
import type { MachineService } from '../machines/service/machine-service.ts';
import { Monitor, type MonitorParts } from '../monitor/monitor.ts';
import type { MonitoredDisk, MonitoredMachine } from '../monitor/target.ts';

export interface MonitorsParts {
  readonly machines: Pick<MachineService, 'on' | 'list' | 'running' | 'command'>;
  readonly disks: Pick<DiskService, 'openDisks' | 'onJob'>;
  readonly clock: Clock;
  readonly nowMs: () => number;
  /** Headwater's own version. */
  readonly version: string;
  /** Where the sockets lie; nothing else does. */
  readonly folder: string;
  /** A client of the app's own socket wants the app to end. */
  readonly quit: () => void;
  readonly warn: (text: string) => void;
}

const APP = 'app';
const ENDING = '.qmp';

export class Monitors {
  readonly #parts: MonitorsParts;
  /** By the ids of machines; the app's own among them. */
  readonly #monitors = new Map<string, Monitor>();
  readonly #stopListening: readonly (() => void)[];
  readonly #steps = new OneAtATime();
  #enabled = false;

  constructor(parts: MonitorsParts) {
    this.#parts = parts;
    this.#stopListening = [
      parts.machines.on('started', ({ id, machine }) => void this.#steps.run(() => this.#watch(id, machine))),
      parts.disks.onJob(({ diskId, event }) => {
        const machineId = parts.disks.openDisks.find(({ id }) => id === diskId)?.machineId ?? null;
        for (const [id, monitor] of this.#monitors)
          if (id === APP || id === machineId) monitor.hearJob(event);
      }),
    ];
  }

  /** Offers the sockets, or ends them. */
  setEnabled(enabled: boolean): Promise<void> {
    return this.#steps.run(async () => {
      if (enabled === this.#enabled) return;
      this.#enabled = enabled;
      if (enabled) await this.#offerAll();
      else await this.#endAll();
    });
  }

  /** Ends every socket. */
  async close(): Promise<void> {
    for (const stop of this.#stopListening) stop();
    await this.setEnabled(false);
  }

  async #offerAll(): Promise<void> {
    const { folder, machines, warn, quit } = this.#parts;
    try {
      // What an app that was killed has left.
      fs.rmSync(folder, { recursive: true, force: true });
      fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      warn(failureFromSystem(error, `Could not make the folder of sockets '${folder}'`).failure.message);
      return;
    }
    await this.#offer(APP, { name: 'Headwater', machine: null, disks: () => this.#disks(), quit });
    const listed = await machines.list();
    for (const { id } of listed.ok ? listed.value : []) {
      const machine = machines.running(id);
      if (machine !== null) await this.#watch(id, machine);
    }
  }

  /** Offers a socket for a machine until it is off. */
  async #watch(id: string, machine: Machine): Promise<void> {
    if (!this.#enabled) return;
    const command = (wanted: MachineCommand) => this.#parts.machines.command({ id, command: wanted });
    const monitor = await this.#offer(id, {
      name: machine.name,
      machine: commanded(machine, command),
      disks: () => this.#disks().filter(({ machineId }) => machineId === id),
      quit: () => void command('stop'),
    });
    const stopListening = machine.on('state', (state) => {
      if (state.kind !== 'stopped' && state.kind !== 'failed') return;
      stopListening();
      monitor.shutDown(
        state.kind === 'stopped' && state.why === 'guest-halted' ? 'guest-shutdown' : 'host-ui',
      );
      void this.#steps.run(() => this.#end(id, monitor));
    });
  }

  async #offer(id: string, target: MonitorParts['target']): Promise<Monitor> {
    const { clock, nowMs, version, folder, warn } = this.#parts;
    const monitor = new Monitor({ target, clock, nowMs, version });
    this.#monitors.set(id, monitor);
    const listening = await monitor.listen({ kind: 'unix', path: path.join(folder, `${id}${ENDING}`) });
    if (!listening.ok) warn(listening.failure.message);
    return monitor;
  }

  async #end(id: string, monitor: Monitor): Promise<void> {
    if (this.#monitors.get(id) === monitor) this.#monitors.delete(id);
    await monitor.close();
  }

  async #endAll(): Promise<void> {
    await Promise.all([...this.#monitors].map(([id, monitor]) => this.#end(id, monitor)));
  }

  #disks(): (MonitoredDisk & { readonly machineId: string | null })[] {
    return this.#parts.disks.openDisks.map((disk) => ({
      device: disk.device,
      machineId: disk.machineId,
      controls: disk,
    }));
  }
}

/** A machine as its monitor sees it: what is asked of it goes the way of the windows' buttons. */
function commanded(
  machine: Machine,
  command: (wanted: MachineCommand) => ReturnType<MachineService['command']>,
): MonitoredMachine {
  return {
    get state() {
      return machine.state;
    },
    get wait() {
      return machine.wait;
    },
    on: (name, listener) => machine.on(name, listener),
    pause: () => command('pause'),
    resume: () => command('resume'),
    reset: () => command('reset'),
    powerButton: () => command('power-button'),
  };
}
