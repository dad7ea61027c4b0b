import { spawn, type ChildProcess } from 'node:child_process';
import os from 'node:os';
import { DONE, err, type Result } from '../../../shared/result.ts';
import { qemuEnvironment } from './programs.ts';

/**
 * Runs a program that ends when its owner does, however that ends: the shell between them reads from a pipe that only
 * the owner holds, and kills the program when the pipe ends, with all that it has started: what is called QEMU may be a
 * script that runs it. Afterwards the folder in the first argument is removed, where there is one.
 * Node cannot ask the system for this (`PR_SET_PDEATHSIG`), and QEMU itself only since 10.2.
 */
const SCRIPT = `
folder=$1; shift
clear() { [ -z "$folder" ] || rm -rf -- "$folder"; }
exec 3<&0
"$@" </dev/null 3<&- &
program=$!
{ read -r _ <&3; clear; kill -KILL 0; } >/dev/null 2>&1 &
watcher=$!
wait "$program"; code=$?
kill "$watcher" 2>/dev/null
clear
exit "$code"
`;

/** What a shell adds to the number of the signal that ended a program. */
const BY_SIGNAL = 128;

export interface LeashedEnd {
  readonly code: number | null;
  /** The number of the signal that ended it. */
  readonly signal: number | null;
}

export interface LeashedProgram {
  readonly program: string;
  readonly args: readonly string[];
  /** Where it runs; removed after it. Null: where we do. */
  readonly folder: string | null;
  /** Hears what it prints. */
  readonly onOutput: (bytes: Uint8Array) => void;
}

/** A running program. It never outlives this one. */
export class Leash {
  readonly ended: Promise<LeashedEnd>;
  readonly #shell: ChildProcess;

  constructor({ program, args, folder, onOutput }: LeashedProgram) {
    this.#shell = spawn('/bin/sh', ['-c', SCRIPT, 'headwater', folder ?? '', program, ...args], {
      ...(folder !== null && { cwd: folder }),
      env: qemuEnvironment(),
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own: what is typed at our terminal is not for it, an interrupt ends us, in order.
      detached: true,
    });
    this.#shell.stdin?.on('error', () => undefined);
    this.#shell.stdout?.on('data', onOutput);
    this.#shell.stderr?.on('data', onOutput);
    this.ended = new Promise((resolve) => {
      this.#shell.once('error', () => resolve({ code: null, signal: null }));
      // Nobody of its group is left behind, nor holds our end of what it prints.
      this.#shell.once('exit', () => killGroup(this.#shell.pid));
      this.#shell.once('close', (code, signal) => {
        const ended = signal === null ? code : BY_SIGNAL + os.constants.signals[signal];
        const wasKilled = ended !== null && ended > BY_SIGNAL;
        resolve(wasKilled ? { code: null, signal: ended - BY_SIGNAL } : { code: ended, signal: null });
      });
    });
  }

  /** Ends it at once. */
  kill(): void {
    this.#shell.stdin?.destroy();
  }
}

function killGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

/** Whether programs can be run like this here. */
export function canLeash(): Result<void> {
  if (process.platform !== 'win32') return DONE;
  return err(
    'unsupported',
    'Machines with QEMU need a system with Unix sockets and a shell, such as Linux or macOS',
    {
      words: ['qemu-not-here'],
    },
  );
}
