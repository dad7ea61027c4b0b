import { Emitter } from '../../shared/emitter.ts';
import { err, type Err } from '../../shared/result.ts';
import {
  NO_PROGRESS,
  isAlive,
  type DiskWait,
  type MachineEvents,
  type MachineProgress,
  type MachineState,
} from './machine.ts';

/** The half of a machine that all back ends have alike: what it is doing, and who hears of it. */
export abstract class ObservedMachine {
  readonly name: string;
  readonly #events = new Emitter<MachineEvents>();
  #state: MachineState = { kind: 'created' };
  #wait: DiskWait | null = null;
  #progress = NO_PROGRESS;

  protected constructor(name: string) {
    this.name = name;
  }

  get state(): MachineState {
    return this.#state;
  }

  get wait(): DiskWait | null {
    return this.#wait;
  }

  get progress(): MachineProgress {
    return this.#progress;
  }

  on<Name extends keyof MachineEvents>(
    name: Name,
    listener: (event: MachineEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /** Tells of a state once, however often it is entered. */
  protected enter(state: MachineState): void {
    if (JSON.stringify(state) === JSON.stringify(this.#state)) return;
    this.#state = state;
    this.#events.emit('state', state);
  }

  /** What is true of a guest that is there is told, unless the machine is on its way in or out. */
  protected enterIfAlive(state: MachineState): void {
    if (isAlive(this.#state)) this.enter(state);
  }

  protected tellWait(wait: DiskWait | null): void {
    this.#wait = wait;
    this.#events.emit('wait', wait);
  }

  protected tellProgress(progress: MachineProgress): void {
    this.#progress = progress;
    this.#events.emit('progress', progress);
  }

  /** A new start: what was done before does not count. Nobody needs to hear of it. */
  protected forgetProgress(): void {
    this.#progress = NO_PROGRESS;
  }

  protected tellSerial(bytes: Uint8Array): void {
    this.#events.emit('serial', bytes);
  }

  /** @param what the state does not allow, for the message */
  protected refuse(what: string): Err {
    return err('invalid-argument', `${this.name} is ${this.#state.kind}; it cannot ${what} now`, {
      words: ['machine-not-now', this.name],
    });
  }
}
