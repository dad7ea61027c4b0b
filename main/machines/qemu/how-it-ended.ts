import os from 'node:os';
import type { Failure } from '../../../shared/result.ts';
import type { LeashedEnd } from './leash.ts';
import type { LogFile } from './log-file.ts';

/** How QEMU ended. */
export interface QemuEnd {
  /** As somebody told it to, or because its guest shut down. */
  readonly inOrder: boolean;
  /** What happened, with the last it said, as the rest of a sentence that begins with `QEMU`. */
  readonly text: string;
}

export function howItEnded({ code, signal }: LeashedEnd, log: LogFile): QemuEnd {
  const name = Object.entries(os.constants.signals).find(([, number]) => number === signal)?.[0];
  const how =
    signal !== null
      ? `was ended by ${name ?? `signal ${signal}`}`
      : code === null
        ? 'could not be run'
        : `ended with status ${code}`;
  const said = log.end === '' ? '' : `: ${log.end}`;
  return { inOrder: code === 0, text: `${how}${said} (its log is '${log.path}')` };
}

/** What a machine has failed with whose QEMU ended and nobody had asked it to. */
export function crashOf(name: string, { text }: QemuEnd): Failure {
  return { code: 'unsupported', message: `${name}: QEMU ${text}`, words: ['qemu-ended', name, text] };
}
