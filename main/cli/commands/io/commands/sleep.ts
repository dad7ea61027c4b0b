import { setTimeout as pause } from 'node:timers/promises';
import { parseCInteger } from '../c-integer.ts';
import type { IoCommand } from '../io-command.ts';

/** Timers cannot wait longer: 24 days. */
const LONGEST_MS = 2 ** 31 - 1;

export const sleep: IoCommand = {
  name: 'sleep',
  summary: 'waits for the given value in milliseconds',
  words: [1, 1],
  needs: 'nothing',
  async run(call) {
    const { session } = call;
    const [text = ''] = call.words;
    const delayMs = parseCInteger(text);
    if (delayMs === null || delayMs < 0) return call.refuse(`${text} is not a valid number`);
    // Unlike the engine's clock, this keeps the process alive.
    const { interrupted: signal } = session.terminal;
    const pausing = pause(Math.min(delayMs, LONGEST_MS), undefined, { signal });
    await session.aio.reportDuring(pausing.catch(() => undefined));
    return true;
  },
};
