import { randomBytes } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { err, ok, type Err, type Result } from '../../shared/result.ts';
import type { Machine } from './machine.ts';

/** How long to wait for a guest. Whichever limit is reached first ends the wait. */
export interface Patience {
  readonly withinMs: number;
  /** Guest instructions: the same on a busy host. An idle guest executes none, so it cannot be the only limit. */
  readonly withinInstructions?: number;
}

export interface CommandResult {
  readonly output: string;
  /** Exit status as the guest's shell reports it. */
  readonly status: number;
}

type Console = Pick<Machine, 'name' | 'on' | 'sendSerial' | 'progress'>;

/** Busybox asks the terminal for the cursor position after each prompt; nobody answers here. */
const CURSOR_QUERY = '\x1b[6n';
const MAX_PENDING_CHARS = 1024 * 1024;
const TAIL_CHARS = 400;

/** Drives a guest over its serial console: waits for text, types lines, runs shell commands. One wait at a time. */
export class SerialConsole {
  readonly #machine: Console;
  readonly #clock: Clock;
  readonly #patience: Patience;
  readonly #marks: string;
  readonly #decoder = new TextDecoder();
  readonly #stopListening: (() => void)[];
  /** What the guest said and no wait has consumed. */
  #pending = '';
  #look: () => void = () => undefined;
  #over = false;
  #commands = 0;

  /**
   * @param patience for waits that do not say otherwise
   * @param marks what frames of commands begin with: a machine that was restored says again what it said to others
   */
  constructor(
    machine: Console,
    clock: Clock,
    patience: Patience,
    marks = `hw${randomBytes(4).toString('hex')}x`,
  ) {
    this.#marks = marks;
    this.#machine = machine;
    this.#clock = clock;
    this.#patience = patience;
    this.#stopListening = [
      machine.on('serial', (bytes) => this.#hear(bytes)),
      machine.on('progress', () => this.#look()),
      machine.on('state', ({ kind }) => {
        this.#over = kind === 'stopped' || kind === 'failed';
        this.#look();
      }),
    ];
  }

  /**
   * Waits until `pattern` appears in what was not consumed yet. Returns, and consumes, everything up to its end.
   * Fails with `cancelled` when patience runs out and `closed` when the machine ends; the message quotes the last output.
   */
  waitFor(pattern: string | RegExp, patience: Patience = this.#patience): Promise<Result<string>> {
    const { withinMs, withinInstructions = Infinity } = patience;
    const until = this.#machine.progress.instructions + withinInstructions;
    return new Promise((resolve) => {
      const finish = (result: Result<string>) => {
        this.#look = () => undefined;
        cancelTimer();
        resolve(result);
      };
      const cancelTimer = this.#clock.after(withinMs, () => {
        finish(this.#missed(pattern, `did not appear within ${Math.round(withinMs / 1000)} s`));
      });
      this.#look = () => {
        const end = endOfMatch(this.#pending, pattern);
        if (end !== null) return finish(ok(this.#take(end)));
        if (this.#over)
          return finish(this.#missed(pattern, 'had not appeared when the machine ended', 'closed'));
        if (this.#machine.progress.instructions > until) {
          finish(this.#missed(pattern, `did not appear within ${withinInstructions} instructions`));
        }
      };
      this.#look();
    });
  }

  /** Types `text` and Return. */
  sendLine(text: string): void {
    this.#machine.sendSerial(`${text}\r`);
  }

  /** Waits for the login prompt, logs in, and waits for the shell. */
  async login(user: string, password?: string, patience?: Patience): Promise<Result<void>> {
    const steps: [prompt: string | RegExp, answer: string][] = [['login: ', user]];
    if (password !== undefined) steps.push([/assword: ?/, password]);
    for (const [prompt, answer] of steps) {
      const asked = await this.waitFor(prompt, patience);
      if (!asked.ok) return asked;
      this.sendLine(answer);
    }
    const shell = await this.waitFor(/[#$] $/, patience);
    return shell.ok ? ok(undefined) : shell;
  }

  /**
   * Runs one line in the guest's shell, which must be waiting at its prompt, and captures what it prints.
   * Output is framed by marks that the echo of the typed line cannot be taken for.
   */
  async run(command: string, patience?: Patience): Promise<Result<CommandResult>> {
    const mark = `${this.#marks}${++this.#commands}`;
    this.sendLine(`printf '%s-%s\\n' ${mark} begin; ${command}; printf '%s-%s-%s\\n' ${mark} end $?`);
    const begun = await this.waitFor(new RegExp(`${mark}-begin\\r?\\n`), patience);
    if (!begun.ok) return begun;
    const text = await this.waitFor(new RegExp(`${mark}-end-\\d+\\r?\\n`), patience);
    if (!text.ok) return text;
    const at = text.value.lastIndexOf(`${mark}-end-`);
    const output = text.value.slice(0, at).replaceAll('\r\n', '\n');
    return ok({ output, status: Number.parseInt(text.value.slice(at + mark.length + 5), 10) });
  }

  /** Stops listening. */
  dispose(): void {
    for (const stop of this.#stopListening) stop();
  }

  #hear(bytes: Uint8Array): void {
    const text = this.#pending + this.#decoder.decode(bytes, { stream: true });
    this.#pending = text.replaceAll(CURSOR_QUERY, '').slice(-MAX_PENDING_CHARS);
    this.#look();
  }

  #take(end: number): string {
    const taken = this.#pending.slice(0, end);
    this.#pending = this.#pending.slice(end);
    return taken;
  }

  #missed(pattern: string | RegExp, how: string, code: 'cancelled' | 'closed' = 'cancelled'): Err {
    const tail = JSON.stringify(this.#pending.slice(-TAIL_CHARS));
    return err(code, `${this.#machine.name}: ${String(pattern)} ${how}; the last output was ${tail}`);
  }
}

function endOfMatch(text: string, pattern: string | RegExp): number | null {
  if (typeof pattern === 'string') {
    const at = text.indexOf(pattern);
    return at < 0 ? null : at + pattern.length;
  }
  const match = pattern.exec(text);
  return match ? match.index + match[0].length : null;
}
