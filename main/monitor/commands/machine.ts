import { z } from 'zod';
import { assertNever, type Failure } from '../../../shared/result.ts';
import type { MachineState } from '../../machines/machine.ts';
import { answerOf, EMPTY } from '../protocol/answer.ts';
import { command, type Command } from '../protocol/command.ts';
import type { QmpEvent } from '../protocol/event.ts';
import type { MonitoredMachine, MonitorTarget } from '../target.ts';

const nothing = z.object({});

/** @param tell tells every client */
export function machineCommands(machine: MonitoredMachine, tell: (event: QmpEvent) => void): Command[] {
  return [
    command('query-status', nothing, () => ({
      return: {
        status: runState(machine.state),
        singlestep: false,
        running: machine.state.kind === 'running',
      },
    })),
    command('stop', nothing, async () => {
      const { state } = machine;
      if (state.kind === 'paused' && state.by === 'user') return EMPTY;
      return answerOf(await machine.pause());
    }),
    command('cont', nothing, async () => {
      return machine.state.kind === 'running' ? EMPTY : answerOf(await machine.resume());
    }),
    command('system_reset', nothing, async () => {
      const done = await machine.reset();
      if (done.ok) tell({ event: 'RESET', data: { guest: false, reason: 'host-qmp-system-reset' } });
      return answerOf(done);
    }),
    command('system_powerdown', nothing, async () => {
      const done = await machine.powerButton();
      if (done.ok) tell({ event: 'POWERDOWN' });
      return answerOf(done);
    }),
  ];
}

/** `RunState` of QEMU's schema. */
function runState(state: MachineState): string {
  switch (state.kind) {
    case 'created':
    case 'starting':
      return 'prelaunch';
    case 'running':
      return 'running';
    case 'paused':
      return state.by === 'user' ? 'paused' : 'io-error';
    case 'saving':
      return 'save-vm';
    case 'stopping':
    case 'stopped':
      return 'shutdown';
    case 'failed':
      return 'internal-error';
    default:
      return assertNever(state);
  }
}

/** Tells clients what a machine does, in QEMU's events. @returns what ends that */
export function watchMachine(
  { disks }: Pick<MonitorTarget, 'disks'>,
  machine: MonitoredMachine,
  tell: (event: QmpEvent) => void,
): () => void {
  let ran = machine.state.kind === 'running';
  return machine.on('state', (state) => {
    const runs = state.kind === 'running';
    if (state.kind === 'paused' && state.by === 'disk' && state.wait.failure !== undefined) {
      tell(ioError(disks()[0]?.device ?? '', state.wait.operation, state.wait.failure));
    }
    if (ran && state.kind === 'paused') tell({ event: 'STOP' });
    if (!ran && runs) tell({ event: 'RESUME' });
    ran = runs;
  });
}

function ioError(device: string, operation: string, { code, message }: Failure): QmpEvent {
  return {
    event: 'BLOCK_IO_ERROR',
    data: {
      device,
      // QEMU's errors of a flush are those of a write.
      operation: operation === 'read' ? 'read' : 'write',
      action: 'stop',
      nospace: code === 'no-space',
      reason: message,
    },
  };
}
