import net, { type Socket } from 'node:net';
import { z } from 'zod';

const lineSchema = z.record(z.string(), z.unknown());

/** What a server said: one message. */
export type QmpLine = z.output<typeof lineSchema>;

/** A client of a QMP server that sends whatever bytes it is told to. */
export class QmpClient {
  /** Everything that was said, in order. */
  readonly lines: QmpLine[] = [];
  /** Resolves when the connection is gone. */
  readonly ended: Promise<void>;
  readonly #socket: Socket;
  readonly #waiting = new Set<() => void>();
  #rest = '';
  #isEnded = false;
  #nextId = 1;

  /** Connects and waits for the greeting. */
  static async connect(path: string): Promise<QmpClient> {
    const client = await QmpClient.connectUngreeted(path);
    await client.until(() => client.lines.length > 0);
    return client;
  }

  /** Connects, and agrees on capabilities. */
  static async open(path: string): Promise<QmpClient> {
    const client = await QmpClient.connect(path);
    await client.ask('qmp_capabilities');
    return client;
  }

  static connectUngreeted(path: string): Promise<QmpClient> {
    return new Promise((resolve, reject) => {
      const socket = net.connect(path);
      socket.once('error', reject);
      socket.once('connect', () => resolve(new QmpClient(socket)));
    });
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', () => socket.destroy());
    this.ended = new Promise((resolve) =>
      socket.once('close', () => {
        this.#isEnded = true;
        this.#wake();
        resolve();
      }),
    );
  }

  get events(): QmpLine[] {
    return this.lines.filter((line) => 'event' in line);
  }

  send(bytes: string | Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Sends a request, and resolves with its answer. */
  async ask(execute: string, given?: object): Promise<QmpLine> {
    const id = `client-${this.#nextId++}`;
    this.send(JSON.stringify({ execute, arguments: given, id }));
    const isAnswer = (line: QmpLine) => line['id'] === id;
    await this.until(() => this.lines.some(isAnswer));
    return this.lines.find(isAnswer) ?? {};
  }

  /** Resolves when an event of this name, and about this if that matters, was told. */
  async event(
    name: string,
    about: (data: Record<string, unknown>) => boolean = () => true,
  ): Promise<QmpLine> {
    const isIt = (line: QmpLine) => line['event'] === name && about(lineSchema.catch({}).parse(line['data']));
    await this.until(() => this.lines.some(isIt));
    return this.lines.find(isIt) ?? {};
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#isEnded) throw new Error(`the server has left; it said ${JSON.stringify(this.lines)}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Says that nothing more will be sent, and waits for the rest. */
  async finish(): Promise<void> {
    this.#socket.end();
    await this.ended;
  }

  /** Leaves without a word. */
  kill(): void {
    this.#socket.destroy();
  }

  /** Reads nothing any more. */
  stopReading(): void {
    this.#socket.pause();
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\r\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.lines.push(lineSchema.parse(JSON.parse(line)));
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
