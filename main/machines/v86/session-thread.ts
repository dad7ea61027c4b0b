import { Worker, type Transferable } from 'node:worker_threads';
import type { Err, Result } from '../../../shared/result.ts';
import type {
  FromSession,
  SessionAnswers,
  SessionRequest,
  SessionResult,
  ToSession,
  V86WorkerData,
} from './messages.ts';

/** What a session tells on its own: everything but answers. */
export type SessionReport = Exclude<FromSession, { kind: 'reply' }>;

export interface SessionThreadEvents {
  onReport(report: SessionReport): void;
  /** The thread ended though nobody asked it to. `why` is one phrase for people. */
  onDied(why: string): void;
}

/** The worker thread of one run of a machine, as its machine in the main thread sees it. */
export class SessionThread {
  readonly #worker: Worker;
  readonly #events: SessionThreadEvents;
  readonly #replies = new Map<number, (result: SessionResult) => void>();
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

  /** Resolves with the session's reply, or with what {@link end} was given. */
  ask<Request extends SessionRequest>(request: Request): Promise<Result<SessionAnswers[Request['kind']]>> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      // The session answers what it was asked.
      this.#replies.set(id, resolve as (result: SessionResult) => void);
      this.send({ kind: 'request', id, request });
    });
  }

  /** Ends the thread at once. Requests that were not answered get `reason`. */
  async end(reason: Err): Promise<void> {
    this.#ended = true;
    await this.#worker.terminate();
    for (const reply of this.#replies.values()) reply(reason);
    this.#replies.clear();
  }

  #receive(message: FromSession): void {
    if (this.#ended) return;
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
