import { systemClock } from '../../../../shared/clock.ts';
import type { Result } from '../../../../shared/result.ts';
import type { MachineState } from '../../../machines/machine.ts';
import { switchOff } from '../../../machines/switch-off.ts';
import { Monitor, type ShutdownReason } from '../../../monitor/monitor.ts';
import type { MachineSession } from '../../machine-session.ts';
import { headwaterVersion } from '../../version.ts';

/** What QEMU calls the first disk of a PC. */
export const QMP_DEVICE = 'ide0-hd0';

/** A monitor of a machine with one disk. */
export function monitorOf({ machine, disk }: MachineSession, name: string, device: string): Monitor {
  return new Monitor({
    clock: systemClock,
    nowMs: Date.now,
    version: headwaterVersion(),
    target: {
      name,
      machine,
      disks: () => [{ device, controls: disk }],
      // The end of the machine ends the command.
      quit: () => void switchOff(machine),
    },
  });
}

/** Why the command ends, from how the machine was left. */
export function shutdownReason(state: MachineState, left: Result<number>): ShutdownReason {
  if (state.kind === 'stopped' && state.why === 'guest-halted') return 'guest-shutdown';
  return left.ok && left.value === 0 ? 'host-ui' : 'host-signal';
}
