/** Runs `qemu-img` and `headwater image` on twin files and compares what they print and leave behind. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll } from 'vitest';
import { imageCommand } from '../../main/cli/commands/image/index.ts';
import { tempFolder } from '../support/temp-folder.ts';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Splits a command line at blanks; `''` is an empty word. */
export function words(line: string): string[] {
  return line === '' ? [] : line.split(' ').map((word) => (word === "''" ? '' : word));
}

/** Runs a program of QEMU in `folder`. */
export function qemu(program: 'qemu-img' | 'qemu-io', folder: string, args: readonly string[]): Outcome {
  const env = { ...process.env, LC_ALL: 'C' };
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: 'utf8', env });
  return { code: status ?? -1, stdout, stderr };
}

/** Runs a subcommand in this process, in `folder`, with a terminal that keeps what is printed. */
export async function headwaterImage(
  folder: string,
  args: readonly string[],
  interrupted: AbortSignal = new AbortController().signal,
): Promise<Outcome> {
  let [stdout, stderr] = ['', ''];
  const before = process.cwd();
  process.chdir(folder);
  try {
    const code = await imageCommand.run(args, {
      stdin: Readable.from([]),
      out: (text) => void (stdout += text),
      err: (text) => void (stderr += text),
      interactive: false,
      columns: 80,
      interrupted,
    });
    return { code, stdout, stderr };
  } finally {
    process.chdir(before);
  }
}

/** The name of the program is the only difference there may be, and a newline that QEMU sometimes forgets. */
export function withQemusName(outcome: Outcome): Outcome {
  return { ...outcome, stderr: outcome.stderr.replaceAll('headwater image', 'qemu-img').trimEnd() };
}

/** A QEMU command line that prepares a folder: `qemu-img` by default, `io FILE COMMAND` for `qemu-io` on QED or raw. */
export function prepare(folder: string, steps: readonly string[]): void {
  for (const step of steps) {
    const io = /^io (?<file>\S+) (?<command>.*)$/.exec(step)?.groups;
    const outcome =
      io === undefined
        ? qemu('qemu-img', folder, words(step))
        : qemu('qemu-io', folder, [
            '-f',
            io['file']?.endsWith('.qed') === true ? 'qed' : 'raw',
            '-c',
            io['command'] ?? '',
            io['file'] ?? '',
          ]);
    if (outcome.code !== 0) throw new Error(`${step}: ${outcome.stdout}${outcome.stderr}`);
  }
}

export interface TwinFolders {
  readonly theirs: string;
  readonly ours: string;
}

/** Files made once by QEMU, to be copied for every test. */
export class Twins {
  readonly #steps: readonly string[];
  #made: string | null = null;

  constructor(steps: readonly string[]) {
    this.#steps = steps;
    afterAll(() => {
      if (this.#made !== null) fs.rmSync(this.#made, { recursive: true });
    });
  }

  /** Two folders with the same files for the running test; also what they take on disk is the same. */
  copies(): TwinFolders {
    if (this.#made === null) {
      this.#made = fs.mkdtempSync(path.join(os.tmpdir(), 'headwater-twins-'));
      prepare(this.#made, this.#steps);
    }
    const folders = { theirs: tempFolder(), ours: tempFolder() };
    for (const folder of Object.values(folders)) {
      spawnSync('cp', ['-a', '--sparse=always', `${this.#made}/.`, folder]);
    }
    return folders;
  }
}

/** Both outcomes of one command line, in each its own folder. */
export async function runBoth(
  folders: TwinFolders,
  args: readonly string[],
): Promise<{ theirs: Outcome; ours: Outcome }> {
  const theirs = qemu('qemu-img', folders.theirs, args);
  return { theirs: withQemusName(theirs), ours: withQemusName(await headwaterImage(folders.ours, args)) };
}
