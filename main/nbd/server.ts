import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../shared/clock.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { ExportTable } from './export-table.ts';
import type { NbdExport } from './export.ts';
import { listen, type ListenAddress, type Listener } from '../sockets/listen.ts';
import { ServedClient, type ClientSurroundings } from './served-client.ts';
import type { NbdTls } from './tls.ts';
import { SlabPool } from './transmission/slabs.ts';

export interface NbdServerOptions {
  readonly clock: Clock;
  /** Serves nobody without it. Default: no encryption. */
  readonly tls?: NbdTls | undefined;
  /** Clients served at a time; further ones wait. Default 16; 0 for any number. */
  readonly maxClients?: number | undefined;
  /** How long a client may take to choose its export, in milliseconds. Default 30 s. */
  readonly negotiationTimeoutMs?: number | undefined;
  /** Hears when clients come and go. */
  readonly onChange?: ((change: ClientChange) => void) | undefined;
}

export interface ClientChange {
  readonly kind: 'came' | 'left';
  /** The export a client that left had used; null where it had chosen none. */
  readonly exportName: string | null;
  /** Clients served now. */
  readonly clients: number;
}

const DEFAULT_MAX_CLIENTS = 16;
const DEFAULT_NEGOTIATION_TIMEOUT_MS = 30_000;
const LINGER_MS = 2000;
/** Clients that wait for their turn; more are turned away. */
const MOST_WAITING = 64;

/**
 * Serves disks to NBD clients, in the thread that calls it: the devices are to live there as well. Any number of
 * exports behind any number of addresses.
 */
export class NbdServer {
  readonly #options: NbdServerOptions;
  readonly #exports = new ExportTable();
  readonly #shared: ClientSurroundings;
  readonly #listeners = new Set<Listener>();
  readonly #clients = new Set<ServedClient>();
  readonly #waiting: Socket[] = [];
  #closing: Promise<void> | null = null;

  constructor(options: NbdServerOptions) {
    this.#options = options;
    this.#shared = {
      exports: this.#exports,
      tls: options.tls ?? null,
      pool: new SlabPool(),
      clock: options.clock,
      negotiationTimeoutMs: options.negotiationTimeoutMs ?? DEFAULT_NEGOTIATION_TIMEOUT_MS,
      lingerMs: LINGER_MS,
    };
  }

  /** Clients served at this moment. */
  get clients(): number {
    return this.#clients.size;
  }

  /** Offers a disk. Fails with `already-exists` on a name that is taken, `invalid-argument` on one too long. */
  add(served: NbdExport): Result<void> {
    return this.#exports.add(served);
  }

  /** No longer offers a disk. Resolves when no client uses it any more. */
  async remove(name: string): Promise<void> {
    this.#exports.remove(name);
    await endAll([...this.#clients].filter((client) => client.exportName === name));
  }

  /** Waits for clients at an address too. @returns the address, with the port where any was asked for */
  async listen(address: ListenAddress): Promise<Result<ListenAddress>> {
    if (this.#closing !== null) return err('closed', 'The NBD server is closed');
    const server: Server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => {
      this.#admit(socket);
    });
    const listener = await listen(server, address);
    if (!listener.ok) return listener;
    this.#listeners.add(listener.value);
    return ok(listener.value.address);
  }

  /**
   * Lets nobody in any more, answers what is under way, and ends every connection. What is waited for in vain for two
   * seconds is refused: a device may be at work for it still, until it is closed. Idempotent.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    for (const socket of this.#waiting.splice(0)) socket.destroy();
    await endAll([...this.#clients]);
  }

  #admit(socket: Socket): void {
    socket.on('error', () => {});
    const most = this.#options.maxClients ?? DEFAULT_MAX_CLIENTS;
    if (this.#closing !== null || this.#waiting.length >= MOST_WAITING) socket.destroy();
    else if (most > 0 && this.#clients.size >= most) this.#waiting.push(socket);
    else this.#serve(socket);
  }

  #serve(socket: Socket): void {
    const client = new ServedClient(socket, this.#shared);
    this.#clients.add(client);
    this.#tell('came', null);
    void client.ended.then(() => {
      this.#clients.delete(client);
      this.#tell('left', client.exportName);
      const next = this.#waiting.shift();
      if (next !== undefined) this.#admit(next);
    });
  }

  #tell(kind: ClientChange['kind'], exportName: string | null): void {
    this.#options.onChange?.({ kind, exportName, clients: this.#clients.size });
  }
}

async function endAll(clients: readonly ServedClient[]): Promise<void> {
  for (const client of clients) client.close();
  await Promise.all(clients.map((client) => client.ended));
}
