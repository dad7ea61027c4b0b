import { type Result, err, ok } from '../../../shared/result.ts';
import { closedFailure } from '../bounds.ts';
import type { Range } from '../range.ts';
import { ConnectionPool, type PoolOptions, type Priority } from './connection-pool.ts';
import { type Probed, REDIRECTS, probe } from './probe.ts';
import { checkRangeResponse } from './range-response.ts';
import { rangeRequest } from './request-head.ts';
import type { ResponseHead } from './response-head.ts';
import type { SourceAddress } from './source-address.ts';
import type { SourceIdentity } from '../remote/source-identity.ts';
import { isSameSource } from './validators.ts';

/** Where a source is reached at present, and over which connections. */
type Route = Pick<Probed, 'address' | 'pool' | 'ifRange'>;

interface Asking {
  readonly priority: Priority;
  readonly signal: AbortSignal | undefined;
  /** Shown the head of the answer. */
  readonly look?: (head: ResponseHead) => void;
}

/** What an address that a redirect led to says when it is no longer valid: signed ones expire, in many words. */
const EXPIRED = [400, 401, 403, 404, 410];

/**
 * The way to a source, which may change while it is open: a redirect to a signed address holds for minutes, a disk
 * streams for hours. When an answer says that the way has changed, it is asked for again at the address given at
 * first; what is found there must be the source that was opened.
 */
export class SourceRoutes {
  readonly identity: SourceIdentity;
  readonly #first: SourceAddress;
  readonly #options: Omit<PoolOptions, 'address'>;
  #current: Route;
  #renewing: Promise<Result<Route>> | null = null;
  #closed = false;

  /** Finds the way, and what the source is, by asking for the first byte; see {@link probe}. */
  static async find(
    first: SourceAddress,
    options: Omit<PoolOptions, 'address'>,
  ): Promise<Result<SourceRoutes>> {
    const probed = await probe(first, options);
    return probed.ok ? ok(new SourceRoutes(first, options, probed.value.identity, probed.value)) : probed;
  }

  /** Begins at the address itself without asking anybody: for a source of which the length alone matters. */
  static direct(
    first: SourceAddress,
    options: Omit<PoolOptions, 'address'>,
    lengthBytes: number,
  ): SourceRoutes {
    const pool = new ConnectionPool({ ...options, address: first });
    const identity = { lengthBytes, etag: null, lastModified: null };
    return new SourceRoutes(first, options, identity, { address: first, pool, ifRange: null });
  }

  private constructor(
    first: SourceAddress,
    options: Omit<PoolOptions, 'address'>,
    identity: SourceIdentity,
    route: Route,
  ) {
    this.identity = identity;
    this.#first = first;
    this.#options = options;
    this.#current = route;
  }

  /** Fills `target` with the range asked for, and asks for the way once more where the known one ends. */
  async read(
    asked: Range,
    target: Uint8Array,
    priority: Priority,
    signal?: AbortSignal,
  ): Promise<Result<void>> {
    const route = this.#current;
    let status = 0;
    const look = (head: ResponseHead) => {
      status = head.status;
    };
    const read = await this.#ask(route, asked, target, { priority, signal, look });
    const ended = REDIRECTS.includes(status) || (route.address !== this.#first && EXPIRED.includes(status));
    if (read.ok || !ended) return read;
    const renewed = await this.#renew(route);
    return renewed.ok ? this.#ask(renewed.value, asked, target, { priority, signal }) : renewed;
  }

  close(): void {
    this.#closed = true;
    this.#current.pool.close();
  }

  #ask(
    { address, pool, ifRange }: Route,
    asked: Range,
    target: Uint8Array,
    { priority, signal, look }: Asking,
  ): Promise<Result<void>> {
    const accept = (head: ResponseHead) => {
      look?.(head);
      return checkRangeResponse(head, asked, this.identity);
    };
    return pool.run({ request: rangeRequest(address, ifRange, asked), target, accept }, priority, signal);
  }

  /** Many reads find out at once that the way has ended; one of them asks. */
  #renew(ended: Route): Promise<Result<Route>> {
    if (this.#current !== ended) return Promise.resolve(ok(this.#current));
    this.#renewing ??= this.#findAgain().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #findAgain(): Promise<Result<Route>> {
    const probed = await probe(this.#first, this.#options);
    if (!probed.ok) return probed;
    const { pool, identity } = probed.value;
    const same = isSameSource(this.identity, identity);
    if (!same || this.#closed) {
      pool.close();
      return same
        ? closedFailure({ name: this.#first.display })
        : err('source-changed', `${this.#first.display}: the source has changed since it was opened`);
    }
    this.#current.pool.closeWhenIdle();
    this.#current = probed.value;
    return ok(this.#current);
  }
}
