import { DONE, ok, type Result } from '../../shared/result.ts';
import { Emitter } from '../../shared/emitter.ts';
import {
  NO_PROGRESS,
  type Machine,
  type MachineEvents,
  type MachineState,
  type ResumeOrder,
  type SaveOrder,
  type Started,
} from '../../main/machines/machine.ts';
import type { ScreenSource } from '../../main/machines/screen.ts';

/** A machine without a guest: the test says what the guest says, and reads what was typed. */
export class FakeMachine implements Machine {
  readonly canSave = true;
  readonly name = 'fake';
  screen: ScreenSource | null = null;
  readonly wait = null;
  state: MachineState = { kind: 'running' };
  progress = NO_PROGRESS;
  /** Everything typed into the serial port. */
  typed = '';
  readonly commands: string[] = [];
  readonly #events = new Emitter<MachineEvents>();

  on<Name extends keyof MachineEvents>(
    name: Name,
    listener: (event: MachineEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  say(text: string): void {
    this.#events.emit('serial', new Uint8Array(Buffer.from(text)));
  }

  execute(instructions: number): void {
    this.progress = { ...this.progress, instructions };
    this.#events.emit('progress', this.progress);
  }

  enter(state: MachineState): void {
    this.state = state;
    this.#events.emit('state', state);
  }

  sendSerial(data: string | Uint8Array): void {
    this.typed += typeof data === 'string' ? data : Buffer.from(data).toString('latin1');
  }

  sendScancodes(): void {
    this.commands.push('scancodes');
  }

  async start(resume: ResumeOrder | null = null): Promise<Result<Started>> {
    await this.#command('start');
    return ok({ from: resume === null ? 'disk' : 'saved-state', stateRefused: null });
  }

  async save({ file }: SaveOrder): Promise<Result<number>> {
    await this.#command(`save ${file}`);
    return ok(0);
  }

  readonly pause = () => this.#command('pause');
  readonly resume = () => this.#command('resume');
  readonly powerButton = () => this.#command('powerButton');
  readonly reset = () => this.#command('reset');
  readonly stop = () => this.#command('stop');
  readonly kill = () => this.#command('kill');

  async #command(name: string): Promise<Result<void>> {
    this.commands.push(name);
    return DONE;
  }
}
