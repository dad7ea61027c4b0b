import type { Clock } from '../../../../shared/clock.ts';
import type { Machine } from '../../../machines/machine.ts';

const TRY_AGAIN_MS = 5000;

/**
 * A machine whose last write or flush failed stands still until somebody resumes it. At a terminal nobody else can:
 * it is resumed every few seconds, and fails again or goes on.
 *
 * @returns what ends it
 */
export function tryAgain(machine: Pick<Machine, 'on' | 'resume' | 'wait'>, clock: Clock): () => void {
  let cancel: (() => void) | null = null;
  const look = () => {
    const { wait } = machine;
    if (wait?.retries !== 'on-resume' || wait.failure === undefined) {
      cancel?.();
      cancel = null;
      return;
    }
    cancel ??= clock.after(TRY_AGAIN_MS, () => {
      cancel = null;
      void machine.resume().then(look); // a failure is reported as the next wait
    });
  };
  const stopListening = machine.on('wait', look);
  return () => {
    stopListening();
    cancel?.();
  };
}
