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
  /** How long the end of a connection waits while nothing is answered, or taken of the answers, in milliseconds. */
  readonly lingerMs: number;
}

/** One client, from its first byte to its last. */
export class ServedClient {
  /** Resolves when the connection is closed and no request of it uses a device any more, but those that were given up. */
  readonly ended: Promise<void>;
  readonly #shared: ClientSurroundings;
  #socket: Socket;
  #transmission: Transmission | null = null;
  #exportName: string | null = null;
  #closing = false;
  #cancelGivingUp = () => {};

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
    if (this.#closing) return;
    this.#closing = true;
    if (this.#transmission === null) {
      this.#socket.destroySoon();
      return;
    }
    this.#transmission.stop();
    this.#giveUpWithoutProgress(this.#transmission);
  }

  /**
   * What comes no further for {@link ClientSurroundings.lingerMs} is refused: it waits for a source that is lost, or for a
   * client that takes nothing of its answer or sends nothing of its data.
   */
  #giveUpWithoutProgress(transmission: Transmission): void {
    const before = transmission.progress;
    this.#cancelGivingUp = this.#shared.clock.after(this.#shared.lingerMs, () => {
      if (transmission.progress === before) transmission.abandon();
      else this.#giveUpWithoutProgress(transmission);
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
    this.#transmission = transmission;
    transmission.start(negotiated.stream.detach());
    await transmission.done;
    this.#cancelGivingUp();
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
