import { spawnSync } from 'node:child_process';

export interface ToolOutcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(tool: string, args: readonly string[], folder: string): ToolOutcome {
  const { error, status, stdout, stderr } = spawnSync(tool, args, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error !== undefined) {
    throw new Error(`these tests need ${tool}: install Debian's package qemu-utils (${error.message})`);
  }
  return { exitCode: status ?? -1, stdout, stderr };
}

/** QEMU's tools at work in one folder. */
export class Qemu {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Runs `qemu-img` and returns how it ended. */
  try(...args: string[]): ToolOutcome {
    return run('qemu-img', args, this.#folder);
  }

  /** Runs `qemu-img`, which must succeed, and returns what it printed. */
  img(...args: string[]): string {
    return succeeded('qemu-img', args, this.try(...args));
  }

  /** Runs commands of `qemu-io` on a QED image, all of which must succeed. */
  io(image: string, commands: readonly string[]): string {
    const args = ['-f', 'qed', ...commands.flatMap((command) => ['-c', command]), image];
    const printed = succeeded('qemu-io', args, run('qemu-io', args, this.#folder));
    if (/failed|error/i.test(printed)) throw new Error(`qemu-io ${commands.join('; ')}: ${printed}`);
    return printed;
  }
}

function succeeded(tool: string, args: readonly string[], outcome: ToolOutcome): string {
  if (outcome.exitCode === 0) return outcome.stdout;
  throw new Error(
    `${tool} ${args.join(' ')} ended with ${outcome.exitCode}: ${outcome.stderr}${outcome.stdout}`,
  );
}
