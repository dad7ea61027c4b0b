import type { MachineCommand, MachineView } from '../../shared/ipc/machines.ts';
import type { Messages } from '../i18n/en.ts';
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
  off: { tone: 'neutral', main: 'start', others: ['boot'] },
  starting: { tone: 'busy', main: undefined, others: ['boot', 'kill'] },
  running: { tone: 'good', main: 'power-button', others: ON },
  paused: { tone: 'warn', main: 'resume', others: ['suspend', 'reset', 'stop', 'kill'] },
  'waiting-for-data': { tone: 'warn', main: 'power-button', others: ON },
  stopping: { tone: 'busy', main: undefined, others: ['kill'] },
  suspending: { tone: 'busy', main: undefined, others: ['kill'] },
  suspended: { tone: 'neutral', main: 'resume', others: ['discard-state'] },
  failed: { tone: 'bad', main: 'start', others: ['kill'] },
};

export function commandsFor({
  state,
  instantStart,
  canSuspend,
}: Pick<MachineView, 'state' | 'instantStart' | 'canSuspend'>): Offered {
  // To boot is a choice only as long as it would go on from what was published with its master.
  const isChoice = instantStart !== null && (state !== 'starting' || instantStart.fetching);
  const { others, ...offered } = BY_STATE[state];
  const makesSense = (command: MachineCommand) =>
    command === 'boot' ? isChoice : command === 'suspend' ? canSuspend : true;
  return { ...offered, others: others.filter(makesSense) };
}

/** Commands by which the guest loses what it has not written yet: asked about first. */
export function losesWork(command: MachineCommand): boolean {
  return ['reset', 'stop', 'kill', 'discard-state'].includes(command);
}

/** What a command does, where its name alone does not tell it from its neighbours. */
export function commandHint(command: MachineCommand, words: Messages['machines']): string | undefined {
  const hints: Partial<Record<MachineCommand, string>> = words.commandHint;
  return hints[command];
}

/** Whether a machine that was asked to shut down is still on as it was. */
export function ignoredShutDown(asked: MachineView, now: MachineView | undefined): boolean {
  if (now === undefined || now.startedAtMs !== asked.startedAtMs) return false;
  return ['running', 'paused', 'waiting-for-data'].includes(now.state);
}

export function isOn(state: State): boolean {
  return state !== 'off' && state !== 'failed' && state !== 'suspended';
}
