import FastForward from '@lucide/svelte/icons/fast-forward';
import Pause from '@lucide/svelte/icons/pause';
import Play from '@lucide/svelte/icons/play';
import RefreshCw from '@lucide/svelte/icons/refresh-cw';
import X from '@lucide/svelte/icons/x';

export const STREAM_ICONS = {
  start: Play,
  pause: Pause,
  resume: Play,
  cancel: X,
  'retry-now': RefreshCw,
  'resume-anyway': Play,
  'complete-now': FastForward,
} as const;
