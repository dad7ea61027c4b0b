import type { MachineView } from '../../shared/ipc/machines.ts';
import { fmt, m } from '../i18n/index.ts';

/** A machine's state in words, with how far it is where that is known. */
export function stateLabel({ state, savedFraction }: MachineView): string {
  if (savedFraction === null) return m().machineState[state];
  return m().machines.suspendingShare(fmt().percent(savedFraction));
}
