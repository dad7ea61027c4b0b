import { realpath, stat } from 'node:fs/promises';
import { type Server, createServer } from 'node:http';
import { basename } from 'node:path';
import type { Clock } from '../../shared/clock.ts';
import { type Result, DONE, err, ok } from '../../shared/result.ts';
import { type Answered, answer } from './answer.ts';
import { Gate } from './gate.ts';
import type { LinkShape } from './link-spec.ts';
import type { ServedRoot } from './served-file.ts';
import { SimulatedLink } from './simulated-link.ts';

export interface RangeServerOptions {
  /** A folder, whose files are served by their paths, or one file, served under its name. */
  readonly root: string;
  readonly clock: Clock;
  /** Address to listen on; 127.0.0.1 unless given. */
  readonly host?: string | undefined;
  /** Port to listen on; a free one unless given. */
  readonly port?: number | undefined;
  /** The line to simulate; none unless given. */
  readonly link?: LinkShape | null | undefined;
  /** A strong entity tag, in its quotes, for all files, instead of one made from length, time and file number. */
  readonly etag?: string | undefined;
  /** Called for every request answered. */
  readonly onRequest?: ((answered: Answered) => void) | undefined;
}

export interface ServerStatistics {
  readonly requests: number;
  /** Bytes of bodies. */
  readonly bytesSent: number;
}

/** A running server. Pausing and dropping are for demonstrations and tests of what clients do about it. */
export interface RangeServer {
  /** Address of the file, or of the folder, then with a slash at the end. */
  readonly url: string;
  statistics(): ServerStatistics;
  /** Says nothing more on any connection, without closing it, until {@link resume}. */
  pause(): void;
  resume(): void;
  /** Resets all connections and refuses new ones until {@link restore}. Idempotent. */
  drop(): Promise<void>;
  /** Listens at the same address again after {@link drop}. */
  restore(): Promise<Result<void>>;
  close(): Promise<void>;
}

/** Starts serving. Fails with `not-found`, `permission-denied`, `busy` (the port is taken) or `io`. */
export async function startRangeServer(options: RangeServerOptions): Promise<Result<RangeServer>> {
  const root = await findRoot(options.root);
  if (!root.ok) return root;
  const server = new Running(root.value, options);
  const listening = await server.listen(options.port ?? 0);
  return listening.ok ? ok(server) : listening;
}

class Running implements RangeServer {
  readonly #root: ServedRoot;
  readonly #host: string;
  readonly #gate = new Gate();
  readonly #server: Server;
  #port = 0;
  #requests = 0;
  #bytesSent = 0;

  constructor(root: ServedRoot, options: RangeServerOptions) {
    this.#root = root;
    this.#host = options.host ?? '127.0.0.1';
    const { clock, etag } = options;
    const link = options.link ? new SimulatedLink(options.link, clock) : null;
    const onSent = (bytes: number) => {
      this.#bytesSent += bytes;
    };
    const onAnswered = (answered: Answered) => {
      this.#requests++;
      options.onRequest?.(answered);
    };
    const context = { root, etag, onAnswered, path: { clock, gate: this.#gate, link, onSent } };
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      void answer(request, response, context);
    });
  }

  get url(): string {
    const host = this.#host.includes(':') ? `[${this.#host}]` : this.#host;
    const path = this.#root.isFile ? encodeURIComponent(basename(this.#root.path)) : '';
    return `http://${host}:${this.#port}/${path}`;
  }

  statistics(): ServerStatistics {
    return { requests: this.#requests, bytesSent: this.#bytesSent };
  }

  pause(): void {
    this.#gate.shut();
  }

  resume(): void {
    this.#gate.open();
  }

  drop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  restore(): Promise<Result<void>> {
    return this.#server.listening ? Promise.resolve(DONE) : this.listen(this.#port);
  }

  async close(): Promise<void> {
    await this.drop();
    // Whoever still waits finds its connection gone.
    this.#gate.open();
  }

  listen(port: number): Promise<Result<void>> {
    return new Promise((resolve) => {
      const failed = (error: NodeJS.ErrnoException) => {
        const code =
          error.code === 'EADDRINUSE' ? 'busy' : error.code === 'EACCES' ? 'permission-denied' : 'io';
        resolve(
          err(code, `cannot listen on ${this.#host} port ${port} (${error.message})`, { errno: error.code }),
        );
      };
      this.#server.once('error', failed);
      this.#server.listen(port, this.#host, () => {
        this.#server.off('error', failed);
        const address = this.#server.address();
        if (address !== null && typeof address === 'object') this.#port = address.port;
        resolve(DONE);
      });
    });
  }
}

async function findRoot(root: string): Promise<Result<ServedRoot>> {
  try {
    const path = await realpath(root);
    const stats = await stat(path);
    if (stats.isFile() || stats.isDirectory()) return ok({ path, isFile: stats.isFile() });
    return err('invalid-argument', `'${root}' is neither a file nor a folder`);
  } catch (error) {
    const errno = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    if (errno === 'EACCES') return err('permission-denied', `'${root}' may not be read`, { errno });
    return err('not-found', `'${root}' does not exist`, { errno });
  }
}
