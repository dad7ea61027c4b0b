import { DONE, type Result } from '../../shared/result.ts';
import { isAlive, type Machine } from './machine.ts';
import { reached } from './reached.ts';

/**
 * Pulls the plug after everything the guest wrote is stored; where that cannot be done, without. Fails with why it was
 * done without. A machine that is off already stays as it is.
 */
export async function switchOff(machine: Machine): Promise<Result<void>> {
  // A stop that is under way, of a guest that has just shut down for one, may end in `stopped` or back in `paused`.
  await reached(machine, ({ kind }) => kind !== 'stopping');
  const { state } = machine;
  // All it wrote was stored before its state was; what is saved of that by now is of no use.
  if (state.kind === 'saving') return machine.kill();
  const stopped = isAlive(state) || state.kind === 'starting' ? await machine.stop() : DONE;
  if (stopped.ok) return stopped;
  await machine.kill();
  return stopped;
}
