import fs from 'node:fs';
import { systemClock } from '../../shared/clock.ts';
import type { Terminal } from './terminal.ts';

/** The terminal this process was started from. The first Ctrl-C asks politely, the second ends the process. */
export function processTerminal(): Terminal {
  const interruption = new AbortController();
  /** Streams whose disk takes nothing more: the work goes on without them. */
  const broken = new Set<number>();
  return {
    stdin: process.stdin,
    out: (text) => write(1, text, broken),
    err: (text) => write(2, text, broken),
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

/** How long to wait before a pipe that is full is tried again, in milliseconds. */
const FULL_PIPE_MS = 10;

/**
 * Writes at once and completely, so that nothing is lost when the process ends. A closed pipe ends it quietly; where
 * output cannot be stored (a log on a full disk) the work goes on without it and the process ends with an error.
 */
function write(fd: number, text: string, broken: Set<number>): void {
  if (broken.has(fd)) return;
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length;) {
    try {
      done += fs.writeSync(fd, bytes, done);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : '';
      if (code === 'EPIPE') process.exit(141);
      if (code === 'EAGAIN') {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FULL_PIPE_MS);
        continue;
      }
      broken.add(fd);
      process.on('exit', () => {
        process.exitCode = process.exitCode === 0 || process.exitCode === undefined ? 1 : process.exitCode;
      });
      if (fd !== 2) write(2, `headwater: the output cannot be written: ${String(error)}\n`, broken);
      return;
    }
  }
}
