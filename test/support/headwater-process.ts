/** The built command as a process, as its user runs it: with or without a terminal. */
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { PROJECT_ROOT } from './test-program.ts';

/** The built command's script, for Node. */
export const COMMAND = path.join(PROJECT_ROOT, 'dist/main/cli/index.js');

export interface ProcessOptions {
  /** Give it a terminal of its own (`script` of util-linux). */
  readonly terminal?: boolean;
  /** What the shell in that terminal runs, made of the command's own line. */
  readonly around?: (command: string) => string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Default: killed with the running test. In a hook there is none; it has to end by itself then. */
  readonly lasts?: 'with-the-test' | 'until-it-ends';
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class HeadwaterProcess {
  /** Both streams, in the order they came. */
  output = '';
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #looks = new Set<() => void>();
  #over = false;

  /** Starts the command; it is killed with the running test if it is still there. */
  static start(args: readonly string[], options: ProcessOptions = {}): HeadwaterProcess {
    const run = new HeadwaterProcess(args, options);
    if (options.lasts !== 'until-it-ends') {
      onTestFinished(() => {
        run.signal('SIGKILL');
      });
    }
    return run;
  }

  private constructor(args: readonly string[], options: ProcessOptions) {
    const { terminal = false, around = (line: string) => line, env, cwd } = options;
    const command = [process.execPath, COMMAND, ...args];
    const line = around(command.map(quoted).join(' '));
    const [program = '', ...rest] = terminal
      ? ['script', '--quiet', '--return', '--flush', '--command', line, '/dev/null']
      : command;
    this.#child = spawn(program, rest, {
      env: { ...process.env, TERM: 'xterm', ...env },
      cwd,
      detached: true,
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
      this.#heard(chunk);
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
      this.#heard(chunk);
    });
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.#over = true;
        resolve({ code, signal });
        for (const look of this.#looks) look();
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Waits until the command has printed `pattern`; throws, with what it printed, when it ends before. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(this.output);
        if (match === null && !this.#over) return;
        this.#looks.delete(look);
        if (match !== null) resolve(match);
        else reject(new Error(`${String(pattern)} was never printed:\n${this.output}`));
      };
      this.#looks.add(look);
      look();
    });
  }

  /** Waits as {@link waitFor}, and forgets everything printed up to the end of the match. */
  async take(pattern: RegExp): Promise<RegExpExecArray> {
    const match = await this.waitFor(pattern);
    this.output = this.output.slice(match.index + match[0].length);
    return match;
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** Ends what is typed. */
  hangUp(): void {
    this.#child.stdin?.end();
  }

  /** To the process and those it started. */
  signal(signal: NodeJS.Signals): void {
    if (this.#over || this.#child.pid === undefined) return;
    process.kill(-this.#child.pid, signal);
  }

  #heard(chunk: Buffer): void {
    this.output += chunk.toString();
    for (const look of [...this.#looks]) look();
  }
}

function quoted(argument: string): string {
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}
