import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { err, ok, type Result } from '../../../shared/result.ts';

export interface Finished {
  readonly stdout: string;
  readonly stderr: string;
  /** From the start of the process to its end. */
  readonly elapsedMs: number;
}

/** The processes of a bench run. None of them outlives it. */
export class Children {
  readonly #running = new Set<ChildProcess>();

  /** Starts a process whose end the caller sees to, at the latest with {@link kill}. */
  start(command: string, args: readonly string[]): ChildProcessWithoutNullStreams {
    const child = spawn(command, args, { stdio: 'pipe' });
    this.#keep(child);
    child.stdin.on('error', () => undefined);
    return child;
  }

  /** As {@link start}, for one of our own programs with which messages are exchanged. What it prints is lost. */
  converse(
    command: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
    listen: (message: unknown) => void,
  ): ChildProcess {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], env });
    this.#keep(child);
    child.on('message', listen);
    return child;
  }

  #keep(child: ChildProcess): void {
    this.#running.add(child);
    child.on('close', () => this.#running.delete(child));
    // Told by 'close' as well; writing to a process that has gone must not end this one.
    child.on('error', () => this.#running.delete(child));
  }

  /** Runs a process to its end. Fails when it cannot be started, exits with other than 0, or takes too long. */
  run(command: string, args: readonly string[], timeoutMs: number): Promise<Result<Finished>> {
    const startedMs = performance.now();
    const child = this.start(command, args);
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
    const what = commandName(command, args);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        resolve(err('io', `${what} did not end within ${Math.round(timeoutMs / 1000)} s`));
      }, timeoutMs);
      child.on('error', (error) => {
        clearTimeout(timer);
        resolve(err('not-found', `${what} cannot be started: ${error.message}`));
      });
      child.on('close', (code, signal) => {
        clearTimeout(timer);
        const elapsedMs = performance.now() - startedMs;
        if (code === 0) return resolve(ok({ stdout: stdout(), stderr: stderr(), elapsedMs }));
        resolve(err('io', `${what} ended with ${signal ?? `exit code ${code}`}: ${lastLine(stderr())}`));
      });
    });
  }

  /** Kills a process and waits until it is gone. */
  async kill(child: ChildProcess): Promise<void> {
    if (!this.#running.has(child)) return;
    const gone = new Promise<void>((resolve) => {
      child.once('close', () => resolve());
    });
    child.kill('SIGKILL');
    await gone;
  }

  killAll(): void {
    for (const child of this.#running) child.kill('SIGKILL');
  }
}

/** Gathers what a stream says; the function returned tells what it was so far. */
export function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}

/** The program's name, and the subcommand where there is one. */
function commandName(command: string, args: readonly string[]): string {
  const name = command === process.execPath ? 'headwater' : (command.split('/').at(-1) ?? command);
  const words = args.filter((arg) => /^[a-z][a-z-]*$/.test(arg)).slice(0, 2);
  return [name, ...words].join(' ');
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
