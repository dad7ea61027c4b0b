import type { Duplex } from 'node:stream';
import { DONE, err, ok, type Err, type Result } from '../../../../shared/result.ts';
import { parseQmpLine, type QmpMessage } from './messages.ts';

/** QEMU's longest answers to what is asked here have some hundred bytes. */
const MOST_LINE_CHARS = 1 << 20;

/** What one that does not read may be sent: thousands of orders. */
const MOST_UNSENT_BYTES = 1 << 20;

export interface QmpEvent {
  readonly name: string;
  /** As it came; whoever uses it checks it. */
  readonly data: unknown;
}

/**
 * The client's side of QEMU's machine protocol. It ends with its connection: what is asked then fails with `closed`.
 * What no QEMU would say ends it, too.
 */
export class QmpClient {
  readonly #socket: Duplex;
  readonly #onEvent: (event: QmpEvent) => void;
  readonly #waiting = new Map<number, (answer: Result<unknown>) => void>();
  #nextId = 1;
  #received = '';
  #greeted: (greeted: Result<void>) => void = () => undefined;
  #broken: (why: Err) => void = () => undefined;
  /** Why nothing that the other side says is believed any more, once it has said what no QEMU would. */
  readonly broken = new Promise<Err>((resolve) => {
    this.#broken = resolve;
  });
  #end: Err | null = null;

  /** Takes the connection over and says hello. */
  static async open(socket: Duplex, onEvent: (event: QmpEvent) => void): Promise<Result<QmpClient>> {
    const client = new QmpClient(socket, onEvent);
    const greeted = await new Promise<Result<void>>((resolve) => {
      client.#greeted = resolve;
    });
    if (!greeted.ok) return greeted;
    const agreed = await client.execute('qmp_capabilities');
    return agreed.ok ? ok(client) : agreed;
  }

  private constructor(socket: Duplex, onEvent: (event: QmpEvent) => void) {
    this.#socket = socket;
    this.#onEvent = onEvent;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#receive(text));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#close(err('closed', 'QEMU has closed its monitor')));
  }

  /**
   * Fails with `unsupported` and QEMU's words where it refuses, with `closed` when it ends meanwhile, with `busy` where it
   * has not read what it was sent before.
   */
  execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<Result<unknown>> {
    if (this.#end !== null) return Promise.resolve(this.#end);
    if (this.#socket.writableLength > MOST_UNSENT_BYTES) {
      return Promise.resolve(err('busy', 'QEMU does not read what its monitor is told'));
    }
    const id = this.#nextId++;
    this.#socket.write(`${JSON.stringify({ execute: command, ...(args && { arguments: args }), id })}\n`);
    return new Promise((resolve) => {
      this.#waiting.set(id, (answer) => {
        this.#waiting.delete(id);
        resolve(answer);
      });
    });
  }

  #receive(text: string): void {
    this.#received += text;
    const lines = this.#received.split('\n');
    this.#received = lines.pop() ?? '';
    for (const line of lines) {
      if (this.#end === null && line.trim() !== '') this.#handle(parseQmpLine(line), line);
    }
    if (this.#received.length > MOST_LINE_CHARS) this.#refuse('a line without end');
  }

  #handle(message: QmpMessage | null, line: string): void {
    switch (message?.kind) {
      case 'greeting':
        return this.#greeted(DONE);
      case 'event':
        return this.#onEvent(message);
      case 'return':
        return this.#waiting.get(message.id)?.(ok(message.value));
      case 'error':
        return this.#waiting.get(message.id)?.(err('unsupported', `QEMU: ${message.text}`));
      case undefined:
        return this.#refuse(JSON.stringify(line.slice(0, 200)));
    }
  }

  #refuse(what: string): void {
    const why = err('malformed', `QEMU's monitor said what cannot be understood: ${what}`);
    this.#close(why);
    this.#broken(why);
    this.#socket.destroy();
  }

  #close(why: Err): void {
    this.#end ??= why;
    this.#received = '';
    this.#greeted(this.#end);
    for (const answer of [...this.#waiting.values()]) answer(this.#end);
  }
}
