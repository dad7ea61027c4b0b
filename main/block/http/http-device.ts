import type { Clock } from '../../../shared/clock.ts';
import { type Err, type Result, DONE, err, ok } from '../../../shared/result.ts';
import type { BlockDevice, Extent } from '../device.ts';
import { ReadOnlyDevice } from '../read-only-device.ts';
import type { ExchangeSample, Priority } from './connection-pool.ts';
import { DEFAULT_NO_PROGRESS_TIMEOUT_MS, DEFAULT_PIECE_BYTES } from './limits.ts';
import { checkConnections, DEFAULT_CONNECTIONS } from '../remote/connections.ts';
import { piecesOf } from '../remote/pieces.ts';
import { parseSourceAddress } from './source-address.ts';
import type { SourceIdentity } from '../remote/source-identity.ts';
import { SourceRoutes } from './source-routes.ts';

export interface HttpDeviceOptions {
  readonly clock: Clock;
  /** Most connections at once, see `remote/connections.ts`. */
  readonly connections?: number | undefined;
  /** Silence after which a server that owes bytes is given up, in milliseconds; 15 s unless given. */
  readonly noProgressTimeoutMs?: number | undefined;
  /** Longest single request in bytes, 1 MiB unless given; longer reads go over several connections. */
  readonly pieceBytes?: number | undefined;
  /** Certificates (PEM) to trust instead of the well-known ones. */
  readonly trustedCertificates?: string | undefined;
  /** Called after every range request that succeeded. */
  readonly onExchange?: ((sample: ExchangeSample) => void) | undefined;
  /**
   * Length of a source whose content the caller verifies: nothing is asked at open, and nothing but the length counts.
   * Servers of one file may name it by different tags, and a tag is no proof to somebody who knows the hashes.
   */
  readonly knownBytes?: number | undefined;
}

/** A read-only device over HTTP range requests. */
export interface HttpDevice extends BlockDevice {
  /** What the source was recognised by at open. */
  readonly identity: SourceIdentity;
  /**
   * The same source for reads nobody waits for: they share the connections, and go only when no demand read waits.
   * Closing this view ends only the view; closing the device ends both.
   */
  background(): BlockDevice;
  /** @param signal ends the read with `cancelled`: nothing is written into `target` from then on */
  read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<Result<void>>;
}

/**
 * Opens an `http://` or `https://` address, with `user:password@` where the server wants it, for reading. Asks for
 * one byte to learn the length and whether the server serves ranges. Fails with `invalid-argument`,
 * `source-unreachable` (worth another try; `retryAfterMs` where the server said when), `source-refused`
 * or `malformed`. Reads fail with these or with `source-changed`; open again to accept the change.
 */
export async function openHttpDevice(url: string, options: HttpDeviceOptions): Promise<Result<HttpDevice>> {
  const connections = options.connections ?? DEFAULT_CONNECTIONS;
  const pieceBytes = options.pieceBytes ?? DEFAULT_PIECE_BYTES;
  const noProgressTimeoutMs = options.noProgressTimeoutMs ?? DEFAULT_NO_PROGRESS_TIMEOUT_MS;
  const counted = checkConnections(connections);
  if (!counted.ok) return counted;
  if (!Number.isSafeInteger(pieceBytes) || pieceBytes < 1) {
    return err('invalid-argument', 'pieceBytes must be a positive whole number');
  }
  if (!(noProgressTimeoutMs > 0)) return err('invalid-argument', 'noProgressTimeoutMs must be positive');
  const address = parseSourceAddress(url);
  if (!address.ok) return address;
  const pool = {
    clock: options.clock,
    connections,
    noProgressTimeoutMs,
    trustedCertificates: options.trustedCertificates,
    onExchange: options.onExchange,
  };
  const routes =
    options.knownBytes === undefined
      ? await SourceRoutes.find(address.value, pool)
      : ok(SourceRoutes.direct(address.value, pool, options.knownBytes));
  if (!routes.ok) return routes;
  return ok(new RangeReader(address.value.display, routes.value, pieceBytes, connections, 'demand'));
}

class RangeReader extends ReadOnlyDevice implements HttpDevice {
  readonly name: string;
  readonly remote = true;
  readonly #routes: SourceRoutes;
  readonly #pieceBytes: number;
  readonly #connections: number;
  readonly #priority: Priority;

  constructor(
    name: string,
    routes: SourceRoutes,
    pieceBytes: number,
    connections: number,
    priority: Priority,
  ) {
    super();
    this.name = name;
    this.#routes = routes;
    this.#pieceBytes = pieceBytes;
    this.#connections = connections;
    this.#priority = priority;
  }

  get identity(): SourceIdentity {
    return this.#routes.identity;
  }

  get lengthBytes(): number {
    return this.identity.lengthBytes;
  }

  background(): BlockDevice {
    return new RangeReader(this.name, this.#routes, this.#pieceBytes, this.#connections, 'background');
  }

  async read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<Result<void>> {
    const usable = this.checkRead(offset, target.length);
    if (!usable.ok || target.length === 0) return usable;
    if (target.length <= this.#pieceBytes) return this.#readPiece(offset, target, signal);
    // One worker per connection, so that a long read never has more requests queued than others could overtake.
    const pieces = piecesOf(target.length, this.#pieceBytes);
    const workers = Math.min(this.#connections, Math.ceil(target.length / this.#pieceBytes));
    const failures: Err[] = [];
    const work = async () => {
      for (const piece of pieces) {
        const part = target.subarray(piece.offset, piece.offset + piece.length);
        const done = await this.#readPiece(offset + piece.offset, part, signal);
        if (!done.ok) failures.push(done);
        if (failures.length > 0) return;
      }
    };
    // All of them end before the target is handed back, also after a failure.
    await Promise.all(Array.from({ length: workers }, work));
    return failures[0] ?? DONE;
  }

  async extentAt(offset: number, length: number): Promise<Result<Extent>> {
    if (length <= 0) return err('invalid-argument', `${this.name}: the length to look at must be positive`);
    const usable = this.checkRead(offset, length);
    return usable.ok ? ok({ offset, length, kind: 'data', fileOffset: offset }) : usable;
  }

  async close(): Promise<Result<void>> {
    this.closed = true;
    if (this.#priority === 'demand') this.#routes.close();
    return DONE;
  }

  #readPiece(offset: number, target: Uint8Array, signal: AbortSignal | undefined): Promise<Result<void>> {
    return this.#routes.read({ offset, length: target.length }, target, this.#priority, signal);
  }
}
