import type { DiskView, DiskWaitView, MachineView } from '../../../shared/ipc/machines.ts';
import { assertNever, type Failure } from '../../../shared/result.ts';
import type { MachineRow } from '../../catalog/tables/machines.ts';
import type { SavedStateRow } from '../../catalog/tables/saved-states.ts';
import type { MachineState } from '../machine.ts';
import type { GuestWait } from './running-machine.ts';

type Shown = Pick<MachineView, 'state' | 'failure' | 'savedFraction'>;

export interface MachineKnowledge {
  readonly row: MachineRow;
  readonly loginHint: string | null;
  readonly disks: readonly DiskView[];
  /** What happens before there is a machine to ask: its disk is being opened. */
  readonly starting: boolean;
  readonly runsOn: MachineView['runsOn'];
  /** Whether what runs it can save its state; null while it is off. */
  readonly canSave: boolean | null;
  /** Null while it is off. */
  readonly running: MachineState | null;
  /** What its guest waits for, while it is on. */
  readonly wait: GuestWait | null;
  /** Its state is being saved, or it is switched off after that. */
  readonly suspending: boolean;
  readonly savedState: SavedStateRow | null;
  readonly instantStart: MachineView['instantStart'];
  /** Why it could not be started, or ended, the last time. */
  readonly lastFailure: Failure | null;
}

export function machineView(known: MachineKnowledge): MachineView {
  const { row } = known;
  return {
    id: row.id,
    name: row.name,
    applianceId: row.applianceId,
    memoryMiB: row.memoryMiB,
    hardware: row.hardware,
    runsOn: known.runsOn,
    canSuspend: known.canSave ?? known.runsOn?.backEnd === 'v86',
    ...shown(known),
    wait: known.wait && waitView(known.wait),
    savedState: known.savedState && savedStateView(known.savedState),
    instantStart: known.savedState === null ? known.instantStart : null,
    loginHint: known.loginHint,
    cloudInit: row.guest.cloudInit === true,
    createdAtMs: row.createdMs,
    startedAtMs: row.startedMs,
    disks: [...known.disks],
  };
}

function waitView({ operation, sinceMs, failure, retries }: GuestWait): DiskWaitView {
  return { operation, sinceMs, failure: failure ?? null, retries };
}

function savedStateView({ savedMs, fileBytes }: SavedStateRow): MachineView['savedState'] {
  return { savedAtMs: savedMs, fileBytes };
}

function shown(known: MachineKnowledge): Shown {
  const { starting, suspending, running, lastFailure, savedState, disks } = known;
  if (running !== null) return suspending ? shownWhileSuspending(running) : shownOfRunning(running);
  if (starting) return as('starting');
  if (savedState !== null) return as('suspended', lastFailure);
  if (lastFailure !== null) return as('failed', lastFailure);
  if (disks.length > 0) return as('off');
  return as('failed', { code: 'not-found', message: 'The machine has lost its disk' });
}

function shownWhileSuspending(state: MachineState): Shown {
  return { ...as('suspending'), savedFraction: state.kind === 'saving' ? state.fraction : null };
}

function shownOfRunning(state: MachineState): Shown {
  switch (state.kind) {
    case 'created':
    case 'stopped':
      return as('off');
    case 'starting':
    case 'running':
    case 'stopping':
      return as(state.kind);
    case 'saving':
      return shownWhileSuspending(state);
    case 'paused':
      return state.by === 'user' ? as('paused') : as('waiting-for-data', state.wait.failure);
    case 'failed':
      return as('failed', state.failure);
    default:
      return assertNever(state);
  }
}

function as(state: MachineView['state'], failure: Failure | null = null): Shown {
  return { state, failure, savedFraction: null };
}
