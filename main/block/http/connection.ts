import { type Socket, connect as connectPlain, isIP } from 'node:net';
import { type ConnectionOptions, connect as connectSecure } from 'node:tls';
import type { Clock } from '../../../shared/clock.ts';
import { type Err, type Result, err } from '../../../shared/result.ts';
import { ProgressWatch } from '../progress-watch.ts';
import { HeadReader, type ResponseHead, keepsConnection } from './response-head.ts';
import { failureOfSocket } from '../remote/socket-failure.ts';
import type { SourceAddress } from './source-address.ts';

export interface ConnectionSettings {
  readonly address: SourceAddress;
  readonly clock: Clock;
  /** Longest silence of the server while it owes an answer, in milliseconds. */
  readonly noProgressTimeoutMs: number;
  /** Certificates (PEM) to trust instead of the well-known ones. */
  readonly trustedCertificates: string | undefined;
}

/** One request and where the body of its response goes. */
export interface Exchange {
  /** The whole request head. */
  readonly request: string;
  /** Filled exactly; at least one byte. */
  readonly target: Uint8Array;
  /** Judges the response head. A body is read only after a success, and only as much of it as `target` holds. */
  accept(head: ResponseHead): Result<void>;
}

export type Outcome =
  | { readonly kind: 'done'; readonly timeToFirstByteMs: number; readonly totalMs: number }
  | { readonly kind: 'failed'; readonly failure: Err }
  /** A kept connection turned out to be closed before anything was answered: the request deserves a new one. */
  | { readonly kind: 'stale' };

interface Running {
  readonly exchange: Exchange;
  readonly settle: (outcome: Outcome) => void;
  readonly startedMs: number;
  firstByteMs: number | null;
  /** Bytes of the body so far; null while the head is read. */
  receivedBytes: number | null;
  keep: boolean;
}

/**
 * A connection that runs one exchange at a time. The socket reads straight into the head's buffer and then straight
 * into the target, so that a body is copied by the kernel only. After any failure, or a response that does not allow
 * another one, the connection is closed.
 */
export class Connection {
  readonly #options: ConnectionSettings;
  readonly #onClosed: () => void;
  readonly #socket: Socket;
  readonly #head = new HeadReader();
  #running: Running | null = null;
  #servedBefore = false;
  #closed = false;
  readonly #watch: ProgressWatch;

  constructor(options: ConnectionSettings, onClosed: () => void) {
    this.#options = options;
    this.#onClosed = onClosed;
    this.#watch = new ProgressWatch(options.clock, options.noProgressTimeoutMs, (why) =>
      this.close(err('source-unreachable', why, { words: ['source-silent'] })),
    );
    this.#socket = this.#connect();
    this.#socket.setNoDelay(true);
    this.#socket.on('error', (error) => this.#end(failureOfSocket(error), true));
    const closedByServer = () => this.#end(err('source-unreachable', this.#whereItEnded()), true);
    this.#socket.on('end', closedByServer);
    this.#socket.on('close', closedByServer);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** When the last byte came or the last request went out, on the clock given. */
  get lastProgressMs(): number {
    return this.#watch.lastProgressMs;
  }

  run(exchange: Exchange): Promise<Outcome> {
    return new Promise((settle) => {
      this.#watch.start();
      this.#running = {
        exchange,
        settle,
        startedMs: this.#watch.lastProgressMs,
        firstByteMs: null,
        receivedBytes: null,
        keep: false,
      };
      this.#head.reset();
      this.#socket.ref();
      this.#socket.write(exchange.request, 'latin1');
    });
  }

  /** Closes at once; an exchange under way fails with `reason`. */
  close(reason: Err): void {
    this.#end(reason, false);
  }

  #connect(): Socket {
    const { address, trustedCertificates } = this.#options;
    const onread = {
      buffer: () => this.#space(),
      callback: (count: number) => {
        this.#take(count);
        return true;
      },
    };
    const { host, port } = address;
    if (!address.secure) return connectPlain({ host, port, onread });
    // `onread` is documented for tls.connect as well; its type declarations do not know that yet.
    const secure: ConnectionOptions & { onread: typeof onread } = {
      host,
      port,
      onread,
      servername: isIP(host) === 0 ? host : '',
      ...(trustedCertificates !== undefined && { ca: trustedCertificates }),
    };
    return connectSecure(secure);
  }

  /** Where the socket puts the next bytes. */
  #space(): Uint8Array {
    const running = this.#running;
    if (running === null || running.receivedBytes === null) return this.#head.space();
    return running.exchange.target.subarray(running.receivedBytes);
  }

  #take(count: number): void {
    const running = this.#running;
    // Nobody asked for these bytes: whatever they are, the next response could not be told from them.
    if (running === null) return this.close(err('malformed', 'the server sent more than was asked for'));
    this.#watch.received(count);
    running.firstByteMs ??= this.#watch.lastProgressMs;
    if (running.receivedBytes === null) return this.#takeHead(running, count);
    running.receivedBytes += count;
    this.#finishIfComplete(running);
  }

  #takeHead(running: Running, count: number): void {
    const head = this.#head.advance(count);
    if (!head.ok) return this.close(head);
    if (head.value === null) return;
    const verdict = running.exchange.accept(head.value);
    if (!verdict.ok) return this.close(verdict);
    const { target } = running.exchange;
    const rest = this.#head.rest();
    const start = rest.subarray(0, target.length);
    target.set(start);
    running.receivedBytes = start.length;
    // Without a length the server marks the end of the body by closing; Content-Range told us the length anyway.
    running.keep =
      rest.length <= target.length && keepsConnection(head.value) && head.value.fields.has('content-length');
    this.#finishIfComplete(running);
  }

  #finishIfComplete(running: Running): void {
    if (running.receivedBytes !== running.exchange.target.length) return;
    this.#running = null;
    this.#servedBefore = true;
    this.#watch.stop();
    this.#head.reset();
    if (running.keep) this.#socket.unref();
    else this.close(err('closed', 'the response was the last of its connection'));
    const { lastProgressMs } = this.#watch;
    const firstByteMs = running.firstByteMs ?? lastProgressMs;
    running.settle({
      kind: 'done',
      timeToFirstByteMs: firstByteMs - running.startedMs,
      totalMs: lastProgressMs - running.startedMs,
    });
  }

  #end(failure: Err, byServer: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watch.stop();
    const running = this.#running;
    this.#running = null;
    // Closes the handle before this returns: nothing is written into the target from here on.
    this.#socket.destroy();
    this.#onClosed();
    const stale = byServer && this.#servedBefore && running?.firstByteMs === null;
    running?.settle(stale ? { kind: 'stale' } : { kind: 'failed', failure });
  }

  #whereItEnded(): string {
    const running = this.#running;
    if (running === null || running.receivedBytes === null)
      return 'the server closed the connection before it had answered';
    const { length } = running.exchange.target;
    return `the server closed the connection after ${running.receivedBytes} of ${length} bytes`;
  }
}
