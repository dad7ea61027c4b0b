import { createServer, type Socket } from 'node:net';
import type { Clock } from '../../shared/clock.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { listen, type ListenAddress, type Listener } from '../sockets/listen.ts';
import type { QmpEvent } from './protocol/event.ts';
import { Session, type SessionSurroundings } from './session.ts';

/** Clients at a time; further ones are turned away. QEMU serves one. */
const MOST_CLIENTS = 16;
/** How long a client may take to leave when the server ends. */
const LINGER_MS = 2000;

export interface ServerSurroundings extends SessionSurroundings {
  readonly clock: Clock;
}

/** Serves QMP (QEMU's machine protocol) to any number of clients at any number of addresses. */
export class QmpServer {
  readonly #surroundings: ServerSurroundings;
  readonly #listeners = new Set<Listener>();
  readonly #sessions = new Map<Session, Socket>();
  #closing: Promise<void> | null = null;

  constructor(surroundings: ServerSurroundings) {
    this.#surroundings = surroundings;
  }

  /** Clients connected at this moment. */
  get clients(): number {
    return this.#sessions.size;
  }

  /** Waits for clients at an address too. Fails as {@link listen} does. */
  async listen(address: ListenAddress): Promise<Result<ListenAddress>> {
    if (this.#closing !== null) return err('closed', 'The monitor is closed');
    // Who sends no more may still read: the answers to what it has sent.
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#admit(socket));
    const listener = await listen(server, address);
    if (!listener.ok) return listener;
    this.#listeners.add(listener.value);
    return ok(listener.value.address);
  }

  /** Tells every client that has agreed on capabilities. */
  tell(event: QmpEvent): void {
    for (const session of this.#sessions.keys()) session.tell(event);
  }

  /** Lets nobody in any more, answers what is being worked on, and ends every connection. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    const ends = [...this.#sessions].map(async ([session, socket]) => {
      session.close();
      // Who neither reads nor leaves is not waited for.
      const noLonger = this.#surroundings.clock.after(LINGER_MS, () => socket.destroy());
      await session.ended;
      noLonger();
    });
    await Promise.all(ends);
  }

  #admit(socket: Socket): void {
    if (this.#closing !== null || this.#sessions.size >= MOST_CLIENTS) {
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    const session = new Session(socket, this.#surroundings);
    this.#sessions.set(session, socket);
    void session.ended.then(() => this.#sessions.delete(session));
  }
}
