import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';

/** A request as a server sees it. */
export interface SeenRequest {
  readonly line: string;
  readonly fields: ReadonlyMap<string, string>;
  /** Range asked for. */
  readonly offset: number;
  readonly length: number;
  /** Position among all requests to this server, from 0; the probe is 0. */
  readonly index: number;
  readonly socket: Socket;
}

/** Answers one request with whatever bytes it likes; a returned buffer is sent as it is. */
export type Script = (request: SeenRequest) => Buffer | string | undefined;

/** A server that says exactly what a test tells it to, so that it can lie in every way. */
export class ScriptedServer {
  readonly requests: SeenRequest[] = [];
  readonly sockets: Socket[] = [];
  readonly #server: Server;
  readonly #secure: boolean;

  private constructor(script: Script, identity?: { key: string; cert: string }) {
    const serve = (socket: Socket) => this.#serve(socket, script);
    this.#secure = identity !== undefined;
    this.#server = identity === undefined ? createServer(serve) : createSecureServer(identity, serve);
  }

  static start(script: Script, options: { identity?: { key: string; cert: string }; host?: string } = {}) {
    const server = new ScriptedServer(script, options.identity);
    return new Promise<ScriptedServer>((resolve, reject) => {
      server.#server.once('error', reject);
      server.#server.listen(0, options.host ?? '127.0.0.1', () => resolve(server));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  url(path = '/disk.raw', host = '127.0.0.1'): string {
    return `${this.#secure ? 'https' : 'http'}://${host}:${this.port}${path}`;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  #serve(socket: Socket, script: Script): void {
    this.sockets.push(socket);
    socket.on('error', () => socket.destroy());
    let pending = '';
    socket.on('data', (bytes: Buffer) => {
      pending += bytes.toString('latin1');
      for (let end = pending.indexOf('\r\n\r\n'); end >= 0; end = pending.indexOf('\r\n\r\n')) {
        const request = parseRequest(pending.slice(0, end), this.requests.length, socket);
        pending = pending.slice(end + 4);
        this.requests.push(request);
        const reply = script(request);
        if (reply !== undefined) socket.write(reply);
      }
    });
  }
}

function parseRequest(head: string, index: number, socket: Socket): SeenRequest {
  const [line = '', ...lines] = head.split('\r\n');
  const fields = new Map(
    lines.map((field) => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 2)] as const;
    }),
  );
  const match = /^bytes=(\d+)-(\d+)$/.exec(fields.get('range') ?? '');
  const offset = Number(match?.[1]);
  return { line, fields, offset, length: Number(match?.[2]) - offset + 1, index, socket };
}

/** The byte at a position of every scripted source. */
export function byteAt(position: number): number {
  return (position * 7 + Math.floor(position / 251)) % 256;
}

export function content(offset: number, length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, index) => byteAt(offset + index)));
}

export const TOTAL_BYTES = 1 << 20;

export interface ReplyChanges {
  readonly start?: string;
  /** Fields to set; null leaves a usual one out. */
  readonly fields?: Readonly<Record<string, string | null>>;
  readonly totalBytes?: number;
  readonly body?: Buffer;
}

/** The right answer to a request, changed where the test wants it wrong. */
export function partial(request: SeenRequest, changes: ReplyChanges = {}): Buffer {
  const last = request.offset + request.length - 1;
  const fields: Record<string, string | null> = {
    'Content-Range': `bytes ${request.offset}-${last}/${changes.totalBytes ?? TOTAL_BYTES}`,
    'Content-Length': String(request.length),
    ETag: '"one"',
    ...changes.fields,
  };
  const body = changes.body ?? content(request.offset, request.length);
  return Buffer.concat([head(changes.start ?? 'HTTP/1.1 206 Partial Content', fields), body]);
}

/** A response without a body. */
export function head(start: string, fields: Readonly<Record<string, string | null>> = {}): Buffer {
  const lines = Object.entries(fields).flatMap(([name, value]) =>
    value === null ? [] : [`${name}: ${value}`],
  );
  return Buffer.from([start, ...lines, '', ''].join('\r\n'), 'latin1');
}
