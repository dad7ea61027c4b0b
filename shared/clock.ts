/**
 * Time as a parameter. Nothing in the engine reads the system clock or sets a timer itself, so that a whole disk,
 * its streaming job and its rate limits can run under a simulated clock.
 */
export interface Clock {
  /** Milliseconds since some fixed moment, the same for all threads of the process; never goes back. */
  now(): number;
  /**
   * Runs `callback` once, `delayMs` milliseconds from now (0 or less: as soon as other work had its turn).
   * The timer does not keep the process alive.
   * @returns a function that cancels the timer; calling it later is harmless.
   */
  after(delayMs: number, callback: () => void): () => void;
}

/** The machine's own monotonic clock. Not `performance.now()`, whose origin may differ from thread to thread. */
export const systemClock: Clock = {
  now() {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1000 + nanoseconds / 1e6;
  },
  after(delayMs, callback) {
    if (delayMs <= 0) {
      const immediate = setImmediate(callback);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Resolves after `delayMs` milliseconds, or at once when `signal` aborts: look at the signal afterwards. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const wake = () => {
      cancel();
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const cancel = clock.after(delayMs, wake);
    signal?.addEventListener('abort', wake, { once: true });
  });
}

/** What comes of `work`; null when it takes longer. */
export async function within<T>(clock: Clock, limitMs: number, work: Promise<T>): Promise<T | null> {
  const done = new AbortController();
  const late = sleep(clock, limitMs, done.signal).then(() => null);
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
  }
}
