import type { Socket } from 'node:net';
import type { ExportTable } from './export-table.ts';
import { HandshakeStream } from '../block/nbd/handshake-stream.ts';
import { Negotiation } from './negotiation/negotiation.ts';
import { secure, type NbdTls } from './tls.ts';
import { Transmission, type TransmissionSurroundings } from './transmission/transmission.ts';
import { SocketWire } from '../block/nbd/wire/socket-wire.ts';

/** What all clients of a server share. */
export interface ClientSurroundings extends TransmissionSurroundings {
  readonly exports: ExportTable;
  readonly tls: NbdTls | null;
  /** From being let in a client has so long to choose its export, in milliseconds. */
  readonly negotiationTimeoutMs: number;
  /** How long a client that does not take its last answers is waited for, in milliseconds. */
  readonly lingerMs: number;
}

/** What there is of a client once it has chosen its export. */
interface Served {
  readonly transmission: Transmission;
  readonly wire: SocketWire;
}

/** One client, from its first byte to its last. */
export class ServedClient {
  /** Resolves when the connection is closed and no request of it uses a device any more. */
  readonly ended: Promise<void>;
  readonly #shared: ClientSurroundings;
  #socket: Socket;
  #served: Served | null = null;
  #exportName: string | null = null;
  #closing = false;
  #cancelCut = () => {};

  constructor(socket: Socket, shared: ClientSurroundings) {
    this.#socket = socket;
    this.#shared = shared;
    this.ended = this.#run();
  }

  /** The export the client uses; null while it has not chosen one. */
  get exportName(): string | null {
    return this.#exportName;
  }

  /** Lets the client go: at once where it is still negotiating, else after the requests under way. */
  close(): void {
    this.#closing = true;
    if (this.#served === null) return this.#socket.destroySoon();
    this.#served.transmission.stop();
    this.#cutUnlessTaken(this.#served);
  }

  /** A client that takes nothing of an answer for {@link ClientSurroundings.lingerMs} does not get the rest. */
  #cutUnlessTaken(served: Served): void {
    const { transmission, wire } = served;
    const before = transmission.takenWhileFull;
    this.#cancelCut = this.#shared.clock.after(this.#shared.lingerMs, () => {
      if (before !== null && transmission.takenWhileFull === before) wire.destroy();
      else this.#cutUnlessTaken(served);
    });
  }

  async #run(): Promise<void> {
    const { clock, exports, tls, negotiationTimeoutMs, lingerMs } = this.#shared;
    const giveUp = clock.after(negotiationTimeoutMs, () => this.#socket.destroy());
    const negotiated = await new Negotiation(new HandshakeStream(this.#socket), {
      exports,
      startTls: tls && ((plain) => this.#secure(plain, tls)),
    }).run();
    giveUp();
    if (negotiated === null || this.#closing) {
      this.#socket.destroySoon();
      return;
    }
    this.#exportName = negotiated.export.name;
    const wire = new SocketWire(this.#socket);
    const transmission = new Transmission(negotiated.export, negotiated.agreement, wire, this.#shared);
    this.#served = { transmission, wire };
    transmission.start(negotiated.stream.detach());
    await transmission.done;
    this.#cancelCut();
    const cut = clock.after(lingerMs, () => wire.destroy());
    await wire.closed;
    cut();
    transmission.dispose();
  }

  async #secure(plain: HandshakeStream, tls: NbdTls): Promise<HandshakeStream | null> {
    const stream = await secure(plain, tls);
    if (stream !== null) this.#socket = stream.socket;
    return stream;
  }
}
