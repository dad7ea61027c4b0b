import type { Clock } from '../../shared/clock.ts';

const PROGRESS_STEP_MS = 250;

/** Progress worth a message: a few times a second. */
export function paced(clock: Clock, progress: (fraction: number) => void): (fraction: number) => void {
  let lastMs = -Infinity;
  return (fraction) => {
    const nowMs = clock.now();
    if (nowMs - lastMs < PROGRESS_STEP_MS) return;
    lastMs = nowMs;
    progress(fraction);
  };
}
