import type { MachineCommand, MachineView } from '../../shared/ipc/machines.ts';
import type { Tone } from '../ui/tone.ts';

type State = MachineView['state'];

interface Offered {
  readonly tone: Tone;
  /** The one a user most likely wants; first in the row of buttons. */
  readonly main: MachineCommand | undefined;
  readonly others: readonly MachineCommand[];
}

const ON: readonly MachineCommand[] = ['suspend', 'pause', 'reset', 'stop', 'kill'];

/** Which commands make sense in which state. */
const BY_STATE: Readonly<Record<State, Offered>> = {
  off: { tone: 'neutral', main: 'start', others: [] },
  starting: { tone: 'busy', main: undefined, others: ['kill'] },
  running: { tone: 'good', main: 'power-button', others: ON },
  paused: { tone: 'warn', main: 'resume', others: ['suspend', 'reset', 'stop', 'kill'] },
  'waiting-for-data': { tone: 'warn', main: 'power-button', others: ON },
  stopping: { tone: 'busy', main: undefined, others: ['kill'] },
  suspending: { tone: 'busy', main: undefined, others: ['kill'] },
  suspended: { tone: 'neutral', main: 'resume', others: ['discard-state'] },
  failed: { tone: 'bad', main: 'start', others: ['kill'] },
};

export function commandsFor(state: State): Offered {
  return BY_STATE[state];
}

/** Commands by which the guest loses what it has not written yet: asked about first. */
export function losesWork(command: MachineCommand): boolean {
  return ['reset', 'stop', 'kill', 'discard-state'].includes(command);
}

export function isOn(state: State): boolean {
  return state !== 'off' && state !== 'failed' && state !== 'suspended';
}
