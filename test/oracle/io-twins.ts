import { spawn, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { ioCommand } from '../../main/cli/commands/io/index.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** What a tool printed and how it ended, with everything masked that may differ from run to run. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** The same images twice: one set for QEMU, one for us. Scripts call their folder `@`. */
export interface Twins {
  readonly theirs: string;
  readonly ours: string;
}

/** Sizes and formats of {@link makeMasters}' images. */
export const IMAGES = {
  raw: { file: 'disk.raw', format: 'raw' },
  odd: { file: 'odd.raw', format: 'raw' },
  empty: { file: 'empty.raw', format: 'raw' },
  qed: { file: 'disk.qed', format: 'qed' },
  small: { file: 'small.qed', format: 'qed' },
  overlay: { file: 'overlay.qed', format: 'qed' },
  chain: { file: 'top.qed', format: 'qed' },
} as const;
export type ImageName = keyof typeof IMAGES;

/** Makes the images that tests copy: by QEMU, so that reading them is part of what is tested. */
export function makeMasters(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'headwater-io-'));
  const run = (tool: string, ...args: string[]) => execFileSync(tool, args, { cwd: folder });
  run('qemu-img', 'create', '-f', 'raw', 'disk.raw', '1M');
  run('qemu-io', '-f', 'raw', '-c', 'write -P 1 0 256k', '-c', 'write -P 2 512k 100', 'disk.raw');
  run('qemu-img', 'create', '-f', 'raw', 'odd.raw', '1000');
  run('qemu-img', 'create', '-f', 'raw', 'empty.raw', '0');
  run('qemu-img', 'create', '-f', 'qed', 'disk.qed', '4M');
  run('qemu-io', '-f', 'qed', '-c', 'write -P 3 64k 128k', '-c', 'write -z 1M 64k', 'disk.qed');
  run('qemu-img', 'create', '-f', 'qed', '-o', 'cluster_size=4096,table_size=2', 'small.qed', '1500k');
  run('qemu-img', 'create', '-f', 'raw', 'base.raw', '1M');
  run('qemu-io', '-f', 'raw', '-c', 'write -P 4 0 1M', 'base.raw');
  run('qemu-img', 'create', '-f', 'qed', '-b', 'base.raw', '-F', 'raw', 'overlay.qed', '2M');
  run('qemu-img', 'create', '-f', 'qed', '-b', 'base.raw', '-F', 'raw', 'middle.qed', '1536k');
  run('qemu-io', '-f', 'qed', '-c', 'write -P 5 200k 300k', 'middle.qed');
  run('qemu-img', 'create', '-f', 'qed', '-b', 'middle.qed', '-F', 'qed', 'top.qed', '2M');
  run('qemu-io', '-f', 'qed', '-c', 'write -P 6 300k 10k', '-c', 'write -z 1M 128k', 'top.qed');
  fs.writeFileSync(path.join(folder, 'pattern.bin'), 'abc');
  fs.writeFileSync(path.join(folder, 'nothing.bin'), '');
  return folder;
}

/** Copies the images for the running test, twice. */
export function copyTwins(masters: string): Twins {
  const folder = tempFolder();
  const twins = { theirs: path.join(folder, 'theirs'), ours: path.join(folder, 'ours') };
  for (const copy of [twins.theirs, twins.ours]) fs.cpSync(masters, copy, { recursive: true });
  return twins;
}

/** Runs QEMU's tool and ours with the same arguments, each on its own images. */
export async function runBoth(
  twins: Twins,
  args: readonly string[],
  input = '',
): Promise<{ theirs: Outcome; ours: Outcome }> {
  const [theirs, ours] = await Promise.all([
    runQemuIo(twins.theirs, args, input),
    runOurs(twins.ours, args, input),
  ]);
  return { theirs, ours };
}

export function runQemuIo(folder: string, args: readonly string[], input = ''): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn('qemu-io', inFolder(args, folder), {
      stdio: 'pipe',
      timeout: 60_000,
      env: { ...process.env, LC_ALL: 'C' },
    });
    const printed = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (printed.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (printed.stderr += text));
    child.stdin.on('error', () => {}).end(inFolder([input], folder)[0]);
    child.on('error', reject);
    child.on('close', (exitCode) => resolve(masked({ ...printed, exitCode: exitCode ?? -1 }, folder)));
  });
}

/** Runs our command in this process: starting Node hundreds of times would take minutes. */
export async function runOurs(folder: string, args: readonly string[], input = ''): Promise<Outcome> {
  const printed = { stdout: '', stderr: '' };
  const exitCode = await ioCommand.run(inFolder(args, folder), {
    stdin: Readable.from(inFolder([input], folder).map((text) => Buffer.from(text))),
    out: (text) => (printed.stdout += text),
    err: (text) => (printed.stderr += text),
    interactive: false,
    columns: 80,
    interrupted: new AbortController().signal,
  });
  return masked({ ...printed, exitCode }, folder);
}

/** Whether both images hold the same, according to QEMU, and ours is sound. */
export function compareImages({ theirs, ours }: Twins, image: ImageName): string {
  const { file, format } = IMAGES[image];
  const our = path.join(ours, file);
  if (format === 'qed') execFileSync('qemu-img', ['check', '-f', 'qed', our], { stdio: 'pipe' });
  const args = ['compare', '-f', format, '-F', format, path.join(theirs, file), our];
  return execFileSync('qemu-img', args, { encoding: 'utf8', stdio: 'pipe' }).trim();
}

/** `-c` in front of each command. */
export function asOptions(commands: readonly string[]): string[] {
  return commands.flatMap((command) => ['-c', command]);
}

/** Lines in one order: requests that run together may end in any. */
export function sortedLines(outcome: Outcome): Outcome {
  return { ...outcome, stdout: outcome.stdout.split('\n').sort().join('\n') };
}

function inFolder(texts: readonly string[], folder: string): string[] {
  return texts.map((text) => text.replaceAll('@', folder));
}

/** A rate or a duration must have QEMU's shape to be masked, so a wrong shape is a difference. */
const RATES = /\((?:\d+(?:\.\d{3}|\.\d{6})? (?:bytes|[KMGTPE]iB)\/sec) and \d+\.\d{4} ops\/sec\)$/gm;
const DURATION = /(?<= ops; )(?:\d\d\.\d\d sec|\d+:\d\d:\d\d\.\d\d)(?= \()/g;
const FOR_MACHINES = /(?<=^|> )(\d+,\d+),\d+:\d\d:\d\d\.\d\d,\d+\.\d{3},\d+\.\d{3}$/gm;
const PROBING = /^WARNING: Image format was not specified.*\n.*\n.*\n/gm;

function masked({ stdout, stderr, exitCode }: Outcome, folder: string): Outcome {
  return {
    stdout: stdout
      .replace(RATES, '(RATES)')
      .replace(DURATION, 'TIME')
      .replace(FOR_MACHINES, '$1,TIME,RATES')
      .replaceAll(folder, '@'),
    stderr: stderr
      .replace(PROBING, '')
      .replaceAll(folder, '@')
      .replace(/^(?:qemu-io|headwater io): /gm, 'PROGRAM: ')
      .replace(/(?<=block node )'[^']+'/g, 'NODE'),
    exitCode,
  };
}
