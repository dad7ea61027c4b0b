import type { Failure, Result } from '../../../shared/result.ts';
import type { MachineCommand } from '../../../shared/ipc/machines.ts';
import type { Machine, MachineState } from '../machine.ts';
import { switchOff } from '../switch-off.ts';

type RunningCommand = Exclude<MachineCommand, 'start'>;

/** A machine that is on, from its start to the moment it is off and its disks are free again. */
export class Session {
  readonly machine: Machine;
  /** Resolves when the machine is off, with why it failed, if it did. */
  readonly over: Promise<Failure | null>;
  #hasRun = false;

  /** @param changed told of every change of state */
  constructor(machine: Machine, changed: (state: MachineState) => void) {
    this.machine = machine;
    this.over = new Promise((resolve) => {
      const stop = machine.on('state', (state) => {
        if (state.kind === 'running') this.#hasRun = true;
        changed(state);
        if (state.kind !== 'stopped' && state.kind !== 'failed') return;
        stop();
        resolve(state.kind === 'failed' ? state.failure : null);
      });
    });
  }

  /** Whether its guest ever ran: until then who started it is told what went wrong. */
  get hasRun(): boolean {
    return this.#hasRun;
  }

  perform(command: RunningCommand): Promise<Result<void>> {
    switch (command) {
      case 'pause':
        return this.machine.pause();
      case 'resume':
        return this.machine.resume();
      case 'reset':
        return this.machine.reset();
      case 'power-button':
        return this.machine.powerButton();
      case 'stop':
        return this.machine.stop();
      case 'kill':
        return this.machine.kill();
    }
  }

  /** Pulls the plug after everything the guest wrote is stored; where that cannot be done, without. */
  async end(): Promise<Result<void>> {
    const stopped = await switchOff(this.machine);
    await this.over;
    return stopped;
  }
}
