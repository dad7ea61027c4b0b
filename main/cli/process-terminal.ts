import fs from 'node:fs';
import { systemClock } from '../../shared/clock.ts';
import type { Terminal } from './terminal.ts';

/** The terminal this process was started from. The first Ctrl-C asks politely, the second ends the process. */
export function processTerminal(): Terminal {
  const interruption = new AbortController();
  return {
    stdin: process.stdin,
    out: (text) => write(1, text),
    err: (text) => write(2, text),
    interactive: process.stdout.isTTY,
    columns: process.stdout.columns || 80,
    get interrupted() {
      listen(interruption);
      return interruption.signal;
    },
  };
}

/** `timeout(1)` signals the process and then its group: two signals at once are one. */
const DOUBLE_SIGNAL_MS = 500;

/** Signals are handled only where a command can do something about them. */
function listen(interruption: AbortController): void {
  let firstMs = 0;
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const) {
    if (process.listenerCount(signal) > 0) continue;
    process.on(signal, () => {
      if (!interruption.signal.aborted) {
        firstMs = systemClock.now();
        interruption.abort();
      } else if (systemClock.now() - firstMs > DOUBLE_SIGNAL_MS) process.exit(128 + number);
    });
  }
}

/** Writes at once and completely, so that nothing is lost when the process ends; a closed pipe ends it quietly. */
function write(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length;) {
    try {
      done += fs.writeSync(fd, bytes, done);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : '';
      if (code === 'EAGAIN') continue;
      if (code === 'EPIPE') process.exit(141);
      throw error;
    }
  }
}
