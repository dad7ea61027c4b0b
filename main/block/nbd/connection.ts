import type { Clock } from '../../../shared/clock.ts';
import { err, ok, type Err, type Result } from '../../../shared/result.ts';
import { ProgressWatch } from '../progress-watch.ts';
import { ArrivedParts } from './arrived-parts.ts';
import type { NbdTarget } from './address.ts';
import { ClientHandshake, printable, type Agreed } from './client-handshake.ts';
import { clientTls, secureClient } from './client-tls.ts';
import { connect } from './connect.ts';
import { failureOfError } from './errors.ts';
import { HandshakeStream } from './handshake-stream.ts';
import { COMMAND } from './protocol.ts';
import { ReplyReader, type Awaited, type ReplyHandler } from './reply-reader.ts';
import { describe, movedBytes, requestHeader, workMs, type Outcome, type Request } from './request.ts';
import { SocketWire } from './wire/socket-wire.ts';
import type { Wire } from './wire/wire.ts';

export interface ConnectionSettings {
  readonly target: NbdTarget;
  readonly clock: Clock;
  /** Longest silence of the server while it owes an answer, in milliseconds. */
  readonly noProgressTimeoutMs: number;
  /** Certificates (PEM) to trust instead of the well-known ones. */
  readonly trustedCertificates: string | undefined;
}

interface Pending extends Awaited {
  readonly request: Request;
  readonly settle: (outcome: Outcome) => void;
  readonly arrived: ArrivedParts;
  failure: Err | null;
  status: Buffer | null;
}

/** How long the other side's goodbye is waited for, in milliseconds. */
const GOODBYE_MS = 1000;
const DISCONNECT: Request = { command: COMMAND.disconnect, flags: 0, offset: 0, length: 0 };

/** A connection to a server, after the handshake. Any number of requests may be under way. */
export class NbdConnection implements ReplyHandler {
  readonly agreed: Agreed;
  readonly #settings: ConnectionSettings;
  readonly #wire: Wire;
  readonly #pending = new Map<number, Pending>();
  #nextCookie = 1;
  #pendingBytes = 0;
  /** How long what is under way may take the server. */
  #workMs = 0;
  #over: Err | null = null;
  readonly #watch: ProgressWatch;

  /**
   * Connects and negotiates. Fails with `source-unreachable`, `source-refused`, `unsupported`, `malformed` or
   * `invalid-argument`.
   */
  static async open(settings: ConnectionSettings): Promise<Result<NbdConnection>> {
    const { target, clock, noProgressTimeoutMs, trustedCertificates } = settings;
    const tls = target.secure ? clientTls(target, trustedCertificates) : ok(null);
    if (!tls.ok) return tls;
    const socket = await connect(target, clock, noProgressTimeoutMs);
    if (!socket.ok) return socket;
    const late: Err[] = [];
    const giveUp = clock.after(noProgressTimeoutMs, () => {
      late.push(err('source-unreachable', `the server did not agree within ${noProgressTimeoutMs / 1000} s`));
      socket.value.destroy();
    });
    const credentials = tls.value;
    const handshake = new ClientHandshake(new HandshakeStream(socket.value), {
      exportName: target.exportName,
      startTls: credentials && ((plain) => secureClient(plain, credentials)),
    });
    const agreed = await handshake.run();
    giveUp();
    if (agreed.ok) return ok(new NbdConnection(handshake.stream, agreed.value, settings));
    socket.value.destroy();
    return late[0] ?? agreed;
  }

  private constructor(stream: HandshakeStream, agreed: Agreed, settings: ConnectionSettings) {
    this.agreed = agreed;
    const giveUp = (why: string) => {
      this.#wire.destroy();
      this.#end({ kind: 'failed', failure: err('source-unreachable', why) });
    };
    const { clock, noProgressTimeoutMs } = settings;
    this.#watch = new ProgressWatch(clock, noProgressTimeoutMs, giveUp, () => this.#workMs);
    this.#settings = settings;
    this.#wire = new SocketWire(stream.socket);
    const reader = new ReplyReader(agreed.structured, this);
    reader.feed(stream.detach());
    this.#wire.start(reader);
    this.#wire.keepsProcess(false);
  }

  /** True when no request can be sent any more. */
  get isOver(): boolean {
    return this.#over !== null;
  }

  /** How much is under way, in bytes. */
  get load(): number {
    return this.#pendingBytes;
  }

  request(request: Request): Promise<Outcome> {
    if (this.#over !== null) return Promise.resolve({ kind: 'lost', failure: this.#over });
    const cookie = this.#nextCookie++;
    return new Promise((settle) => {
      this.#workMs += workMs(request);
      if (this.#pending.size === 0) this.#wake();
      const { offset, length, target = null, data } = request;
      const fresh = { arrived: new ArrivedParts(), failure: null, status: null };
      this.#pending.set(cookie, { request, settle, offset, length, target, ...fresh });
      this.#pendingBytes += movedBytes(request);
      const header = requestHeader(request, cookie);
      this.#wire.send(data === undefined ? [header] : [header, data], () => {});
    });
  }

  /** Says goodbye; what is under way fails with `reason`. */
  close(reason: Err): void {
    if (this.#over !== null) return;
    if (this.#pending.size > 0) {
      // Now, not after a goodbye: nothing may be written into the targets of reads any more.
      this.#wire.destroy();
    } else {
      this.#wire.send([requestHeader(DISCONNECT, 0)], () => {});
      this.#wire.end();
      this.#settings.clock.after(GOODBYE_MS, () => this.#wire.destroy());
    }
    this.#end({ kind: 'failed', failure: reason });
  }

  progress(bytes: number): void {
    this.#watch.received(bytes);
  }

  find(cookie: number): Awaited | null {
    return this.#pending.get(cookie) ?? null;
  }

  arrived(cookie: number, start: number, end: number): boolean {
    return this.#pending.get(cookie)?.arrived.add(start, end) ?? false;
  }

  status(cookie: number, contextId: number, descriptors: Buffer): void {
    const pending = this.#pending.get(cookie);
    const isAsked = pending?.request.command === COMMAND.blockStatus && pending.status === null;
    if (!isAsked || contextId !== this.agreed.allocationId) {
      return this.malformed('a block status that was not asked for');
    }
    pending.status = descriptors;
  }

  failed(cookie: number, error: number, message: Buffer): void {
    const pending = this.#pending.get(cookie);
    if (pending === undefined) return;
    if (pending.failure !== null) return this.malformed('more than one error for a request');
    pending.failure = failureOfError(error, describe(pending.request), printable(message));
  }

  done(cookie: number): void {
    const pending = this.#pending.get(cookie);
    if (pending === undefined) return;
    const { request, failure, target, arrived, length, status } = pending;
    if (failure === null && target !== null && !arrived.areAll(length)) {
      return this.malformed(`not all of the ${length} bytes of a read`);
    }
    if (failure === null && request.command === COMMAND.blockStatus && status === null) {
      return this.malformed('a block status without any state');
    }
    this.#pending.delete(cookie);
    this.#pendingBytes -= movedBytes(request);
    this.#workMs -= workMs(request);
    this.#watch.restart();
    if (this.#pending.size === 0) this.#rest();
    pending.settle(failure === null ? { kind: 'done', status } : { kind: 'failed', failure });
  }

  malformed(what: string): void {
    this.#wire.destroy();
    this.#end({ kind: 'failed', failure: err('malformed', `the server sent ${what}`) });
  }

  ended(): void {
    this.#wire.destroy();
    this.#end({ kind: 'lost', failure: err('source-unreachable', 'the server closed the connection') });
  }

  #wake(): void {
    this.#wire.keepsProcess(true);
    this.#watch.start();
  }

  #rest(): void {
    this.#watch.stop();
    this.#wire.keepsProcess(false);
  }

  #end(outcome: Exclude<Outcome, { kind: 'done' }>): void {
    if (this.#over !== null) return;
    this.#over = outcome.failure;
    this.#watch.stop();
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    this.#pendingBytes = 0;
    for (const { settle } of pending) settle(outcome);
  }
}
