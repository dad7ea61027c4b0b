import Eraser from '@lucide/svelte/icons/eraser';
import HardDrive from '@lucide/svelte/icons/hard-drive';
import Moon from '@lucide/svelte/icons/moon';
import Pause from '@lucide/svelte/icons/pause';
import Play from '@lucide/svelte/icons/play';
import Power from '@lucide/svelte/icons/power';
import PowerOff from '@lucide/svelte/icons/power-off';
import RotateCcw from '@lucide/svelte/icons/rotate-ccw';
import Zap from '@lucide/svelte/icons/zap';
import type { MachineCommand } from '../../shared/ipc/machines.ts';

export const COMMAND_ICONS: Readonly<Record<MachineCommand, typeof Play>> = {
  start: Play,
  boot: HardDrive,
  pause: Pause,
  resume: Play,
  suspend: Moon,
  'discard-state': Eraser,
  reset: RotateCcw,
  'power-button': Power,
  stop: PowerOff,
  kill: Zap,
};
