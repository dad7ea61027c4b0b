import { createServer, type Socket } from 'node:net';
import type { Clock } from '../../shared/clock.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { listen, type ListenAddress, type Listener } from '../sockets/listen.ts';
import type { QmpEvent } from './protocol/event.ts';
import { MonitorClient, type ClientSurroundings } from './monitor-client.ts';

/** Clients at a time; further ones are turned away. QEMU serves one. */
const MOST_CLIENTS = 16;
/** How long a client may take to leave when the server ends. */
const LINGER_MS = 2000;

export interface ServerSurroundings extends ClientSurroundings {
  readonly clock: Clock;
}

/** Serves QMP (QEMU's machine protocol) to any number of clients at any number of addresses. */
export class QmpServer {
  readonly #surroundings: ServerSurroundings;
  readonly #listeners = new Set<Listener>();
  readonly #clients = new Map<MonitorClient, Socket>();
  #closing: Promise<void> | null = null;

  constructor(surroundings: ServerSurroundings) {
    this.#surroundings = surroundings;
  }

  /** Clients connected at this moment. */
  get clients(): number {
    return this.#clients.size;
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
    for (const client of this.#clients.keys()) client.tell(event);
  }

  /** Lets nobody in any more, answers what is being worked on, and ends every connection. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    const ends = [...this.#clients].map(async ([client, socket]) => {
      client.close();
      // Who neither reads nor leaves is not waited for.
      const noLonger = this.#surroundings.clock.after(LINGER_MS, () => socket.destroy());
      await client.ended;
      noLonger();
    });
    await Promise.all(ends);
  }

  #admit(socket: Socket): void {
    if (this.#closing !== null || this.#clients.size >= MOST_CLIENTS) {
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    const client = new MonitorClient(socket, this.#surroundings);
    this.#clients.set(client, socket);
    void client.ended.then(() => this.#clients.delete(client));
  }
}
