import { Worker, type Transferable } from 'node:worker_threads';
import { ok, type Err, type Result } from '../../../shared/result.ts';
import type { FromSession, ScreenAnswers, SessionCommand, ToSession, V86WorkerData } from './messages.ts';

/** What a session tells on its own: everything but answers. */
export type SessionReport = Exclude<FromSession, { kind: 'reply' | 'screen' }>;

export interface SessionThreadEvents {
  onReport(report: SessionReport): void;
  /** The thread ended though nobody asked it to. `why` is one phrase for people. */
  onDied(why: string): void;
}

/** The worker thread of one run of a machine, as its machine in the main thread sees it. */
export class SessionThread {
  readonly #worker: Worker;
  readonly #events: SessionThreadEvents;
  readonly #replies = new Map<number, (result: Result<void>) => void>();
  readonly #looks = new Map<number, (answer: Result<ScreenAnswers[keyof ScreenAnswers]>) => void>();
  #nextId = 0;
  #ended = false;

  constructor(script: URL | string, workerData: V86WorkerData, events: SessionThreadEvents) {
    this.#events = events;
    this.#worker = new Worker(script, {
      workerData,
      transferList: [workerData.disk],
      execArgv: [],
      // v86 writes its own remarks there; they are not for the terminal the guest may be using.
      stdout: true,
      stderr: true,
    });
    let last = '';
    this.#worker.stdout.resume();
    this.#worker.stderr.on('data', (text: Buffer) => (last = text.toString().trim()));
    this.#worker.on('message', (message: FromSession) => this.#receive(message));
    this.#worker.on('error', (error: unknown) =>
      this.#died(error instanceof Error ? error.message : String(error)),
    );
    this.#worker.on('exit', (code) => this.#died(last || `exit code ${code}`));
  }

  send(message: ToSession, transfer: readonly Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  /** Resolves with what the screen shows, or with what {@link end} was given. */
  look<Question extends keyof ScreenAnswers>(question: Question): Promise<Result<ScreenAnswers[Question]>> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      // The session answers what it was asked.
      this.#looks.set(id, resolve as (answer: Result<ScreenAnswers[keyof ScreenAnswers]>) => void);
      this.send({ kind: 'screen', id, question });
    });
  }

  /** Resolves with the session's reply, or with what {@link end} was given. */
  ask(command: SessionCommand): Promise<Result<void>> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      this.#replies.set(id, resolve);
      this.send({ kind: 'command', id, command });
    });
  }

  /** Ends the thread at once. Commands that were not answered get `reason`. */
  async end(reason: Err): Promise<void> {
    this.#ended = true;
    await this.#worker.terminate();
    for (const reply of this.#replies.values()) reply(reason);
    this.#replies.clear();
    for (const answer of this.#looks.values()) answer(reason);
    this.#looks.clear();
  }

  #receive(message: FromSession): void {
    if (this.#ended) return;
    if (message.kind === 'screen') {
      this.#looks.get(message.id)?.(ok(message.answer));
      this.#looks.delete(message.id);
      return;
    }
    if (message.kind !== 'reply') return this.#events.onReport(message);
    this.#replies.get(message.id)?.(message.result);
    this.#replies.delete(message.id);
  }

  #died(why: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#events.onDied(why);
  }
}
