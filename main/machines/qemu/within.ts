import type { Clock } from '../../../shared/clock.ts';

/** What was promised, or undefined where that takes longer than `limitMs`. */
export function within<T>(clock: Clock, limitMs: number, promised: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const cancel = clock.after(limitMs, () => resolve(undefined));
    void promised.then((value) => {
      cancel();
      resolve(value);
    });
  });
}
