import { DONE, err, type Failure, type Result } from '../../../shared/result.ts';
import type { MachineCommand } from '../../../shared/ipc/machines.ts';
import type { DiskWait, Machine } from '../machine.ts';
import { switchOff } from '../switch-off.ts';

/** What a machine that is on can be told. */
export type RunningCommand = Exclude<MachineCommand, 'start' | 'boot' | 'suspend' | 'discard-state'>;

/** A wait, with when it began in milliseconds since 1970. */
export type GuestWait = Omit<DiskWait, 'waitedMs'> & { readonly sinceMs: number };

/** A machine that is on, from its start to the moment it is off and its disks are free again. */
export class RunningMachine {
  readonly machine: Machine;
  /** Resolves when the machine is off, with why it failed, if it did. */
  readonly over: Promise<Failure | null>;
  readonly #changed: () => void;
  #hasRun = false;
  #wait: GuestWait | null = null;
  #suspending: Promise<Result<void>> | null = null;

  /**
   * @param changed told when the machine's state, or what its guest waits for, is another
   * @param nowMs milliseconds since 1970
   */
  constructor(machine: Machine, changed: () => void, nowMs: () => number) {
    this.machine = machine;
    this.#changed = changed;
    machine.on('wait', (wait) => {
      this.#wait = wait && { ...wait, sinceMs: nowMs() - wait.waitedMs };
      changed();
    });
    this.over = new Promise((resolve) => {
      const stop = machine.on('state', (state) => {
        if (state.kind === 'running') this.#hasRun = true;
        changed();
        if (state.kind !== 'stopped' && state.kind !== 'failed') return;
        stop();
        resolve(state.kind === 'failed' ? state.failure : null);
      });
    });
  }

  /** Null while the guest's disk answers in time. */
  get wait(): GuestWait | null {
    return this.#wait;
  }

  /** Whether its guest ever ran: until then who started it is told what went wrong. */
  get hasRun(): boolean {
    return this.#hasRun;
  }

  /** From the order to save it until it is off, or goes on because that failed. */
  get suspending(): boolean {
    return this.#suspending !== null;
  }

  /** While it is being suspended only `kill` is obeyed. */
  async perform(command: RunningCommand): Promise<Result<void>> {
    if (this.suspending && command !== 'kill') {
      const { name } = this.machine;
      return err('busy', `${name} is being suspended`, { words: ['machine-suspending', name] });
    }
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

  /** Saves the machine by `save`, then switches it off. Who asks again gets the same answer. */
  suspend(save: () => Promise<Result<void>>): Promise<Result<void>> {
    this.#suspending ??= this.#suspend(save).finally(() => {
      this.#suspending = null;
      this.#changed();
    });
    this.#changed();
    return this.#suspending;
  }

  async #suspend(save: () => Promise<Result<void>>): Promise<Result<void>> {
    const saved = await save();
    if (!saved.ok) return saved;
    // Everything was durable when it was saved, and its guest has stood still since: no failure could cost anything.
    await this.end();
    return DONE;
  }

  /** Pulls the plug after everything the guest wrote is stored; where that cannot be done, without. */
  async end(): Promise<Result<void>> {
    const stopped = await switchOff(this.machine);
    await this.over;
    return stopped;
  }
}
