import type { MachineView } from '../../shared/ipc/machines.ts';
import type { Messages } from '../i18n/en.ts';

/** What a machine runs on, in words: "QEMU 7.2, KVM". */
export function runsOnText(runsOn: MachineView['runsOn'], words: Messages['hardware']): string {
  if (runsOn === null) return words.nothing;
  if (runsOn.backEnd === 'v86') return words.backEnds.v86;
  if (runsOn.qemu === null) return words.backEnds.qemu;
  const version = runsOn.qemu.version.split('.').slice(0, 2).join('.');
  return `QEMU ${version}, ${words.accelerators[runsOn.qemu.accelerator]}`;
}
