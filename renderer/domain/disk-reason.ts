import type { DiskView } from '../../shared/ipc/machines.ts';
import { explain, m } from '../i18n/index.ts';
import { shownState } from './stream-view.ts';

/** Why a disk is in the state it is in: what that means, and in small what went wrong. */
export function diskReason(disk: DiskView): { readonly text: string; readonly detail?: string } {
  const text = m().streamHelp[shownState(disk)];
  return disk.failure === null ? { text } : { text, detail: explain(disk.failure) };
}
