import type { DiskView, DiskWaitView, MachineView } from '../../../shared/ipc/machines.ts';
import { assertNever, type Failure } from '../../../shared/result.ts';
import type { MachineRow } from '../../catalog/tables/machines.ts';
import type { MachineState } from '../machine.ts';
import type { GuestWait } from './session.ts';

type Shown = Pick<MachineView, 'state' | 'failure'>;

export interface MachineKnowledge {
  readonly row: MachineRow;
  readonly loginHint: string | null;
  readonly disks: readonly DiskView[];
  /** What happens before there is a machine to ask: its disk is being opened. */
  readonly starting: boolean;
  /** Null while it is off. */
  readonly running: MachineState | null;
  /** What its guest waits for, while it is on. */
  readonly wait: GuestWait | null;
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
    ...shown(known),
    wait: known.wait && waitView(known.wait),
    loginHint: known.loginHint,
    createdAtMs: row.createdMs,
    startedAtMs: row.startedMs,
    disks: [...known.disks],
  };
}

function waitView({ operation, sinceMs, failure, retries }: GuestWait): DiskWaitView {
  return { operation, sinceMs, failure: failure ?? null, retries };
}

function shown({ starting, running, lastFailure, disks }: MachineKnowledge): Shown {
  if (running !== null) return shownOfRunning(running);
  if (starting) return { state: 'starting', failure: null };
  if (lastFailure !== null) return { state: 'failed', failure: lastFailure };
  if (disks.length > 0) return { state: 'off', failure: null };
  return { state: 'failed', failure: { code: 'not-found', message: 'The machine has lost its disk' } };
}

function shownOfRunning(state: MachineState): Shown {
  switch (state.kind) {
    case 'created':
    case 'stopped':
      return { state: 'off', failure: null };
    case 'starting':
    case 'running':
    case 'stopping':
      return { state: state.kind, failure: null };
    case 'saving':
      return { state: 'stopping', failure: null };
    case 'paused':
      if (state.by === 'user') return { state: 'paused', failure: null };
      return { state: 'waiting-for-data', failure: state.wait.failure ?? null };
    case 'failed':
      return { state: 'failed', failure: state.failure };
    default:
      return assertNever(state);
  }
}
