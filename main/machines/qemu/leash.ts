import { spawn, type ChildProcess } from 'node:child_process';
import { DONE, err, type Result } from '../../../shared/result.ts';
import { qemuEnvironment } from './programs.ts';

/**
 * Runs a program that ends when its owner does, however that ends: the shell between them reads from a pipe that only
 * the owner holds, and kills the program when the pipe ends. Afterwards the folder in the first argument is removed.
 * Node cannot ask the system for this (`PR_SET_PDEATHSIG`), and QEMU itself only since 10.2.
 */
const SCRIPT = `
folder=$1; shift
exec 3<&0
"$@" </dev/null 3<&- &
program=$!
{ read -r _ <&3; kill -KILL "$program"; } >/dev/null 2>&1 &
watcher=$!
wait "$program"; code=$?
kill "$watcher" 2>/dev/null
rm -rf -- "$folder"
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
  /** Where it runs; removed after it. */
  readonly folder: string;
  /** Hears what it prints. */
  readonly onOutput: (bytes: Uint8Array) => void;
}

/** A running program. It never outlives this one. */
export class Leash {
  readonly ended: Promise<LeashedEnd>;
  readonly #shell: ChildProcess;

  constructor({ program, args, folder, onOutput }: LeashedProgram) {
    this.#shell = spawn('/bin/sh', ['-c', SCRIPT, 'headwater', folder, program, ...args], {
      cwd: folder,
      env: qemuEnvironment(),
      stdio: ['pipe', 'pipe', 'pipe'],
      // What is typed at our terminal is not for it: an interrupt ends us, in order.
      detached: true,
    });
    this.#shell.stdin?.on('error', () => undefined);
    this.#shell.stdout?.on('data', onOutput);
    this.#shell.stderr?.on('data', onOutput);
    this.ended = new Promise((resolve) => {
      this.#shell.once('error', () => resolve({ code: null, signal: null }));
      // Killed itself, the shell leaves the program to the one who watches the pipe.
      this.#shell.once('exit', () => this.kill());
      this.#shell.once('close', (code, signal) => {
        const bySignal = code !== null && code > BY_SIGNAL ? code - BY_SIGNAL : null;
        resolve({ code: bySignal === null && signal === null ? code : null, signal: bySignal });
      });
    });
  }

  /** Ends it at once. */
  kill(): void {
    this.#shell.stdin?.destroy();
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
