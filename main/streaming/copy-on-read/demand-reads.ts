import { ok, type Failure, type Result } from '../../../shared/result.ts';
import { alignDown, alignUp, MIB } from '../../../shared/units.ts';
import type { BlockDevice } from '../../block/device.ts';
import { knownFrom, type KnownParts } from '../../block/known-parts.ts';
import type { OverlayDevice } from '../../block/overlay.ts';
import { rangeEnd, type Range } from '../../block/range.ts';
import type { RateLimit } from '../limits/rate-limit.ts';
import type { Fetcher } from './fetcher.ts';
import type { Fetch } from './fetches.ts';
import type { StoreQueue } from './store-queue.ts';

/** One fetch brings at most this much; a longer read takes several. */
const LARGEST_FETCH_BYTES = 4 * MIB;

export interface DemandReadOptions {
  /** Debited for what guests wait for. */
  readonly limit: RateLimit;
  /** True while a job copies everything that is missing. */
  readonly leftToJob: () => boolean;
  /** What comes without being asked of the source; null for nothing. */
  readonly parts: KnownParts | null;
}

/** Has what a guest waits for in the way that is soonest: from the overlay, from what comes anyway, or by a fetch that is kept. */
export class DemandReads {
  readonly #overlay: OverlayDevice;
  readonly #fetcher: Fetcher;
  readonly #stores: StoreQueue;
  readonly #limit: RateLimit;
  readonly #leftToJob: () => boolean;
  readonly #parts: KnownParts | null;

  constructor(
    overlay: OverlayDevice,
    fetcher: Fetcher,
    stores: StoreQueue,
    { limit, leftToJob, parts }: DemandReadOptions,
  ) {
    this.#overlay = overlay;
    this.#fetcher = fetcher;
    this.#stores = stores;
    this.#limit = limit;
    this.#leftToJob = leftToJob;
    this.#parts = parts;
  }

  /**
   * Fills the beginning of `target`: the local bytes from `at` on, or else missing ones.
   * @returns how many bytes, and whether they were missing
   */
  async readSome(at: number, target: Uint8Array): Promise<Result<{ bytes: number; missed: boolean }>> {
    const { clusterBytes } = this.#overlay;
    const end = at + target.length;
    const run = await this.#overlay.findMissing(alignDown(at, clusterBytes), end);
    if (!run.ok) return run;
    if (run.value === null || run.value.offset > at) {
      const bytes = (run.value?.offset ?? end) - at;
      const read = await this.#overlay.read(at, target.subarray(0, bytes));
      return read.ok ? ok({ bytes, missed: false }) : read;
    }
    const missingEnd = Math.min(end, alignUp(rangeEnd(run.value), clusterBytes));
    const known = await this.#knownFrom({ offset: at, length: missingEnd - at });
    if (known > 0) {
      const read = await this.#readExactly(at, target.subarray(0, known));
      return read.ok ? ok({ bytes: read.value, missed: false }) : read;
    }
    const brought = await this.#bring(at, target.subarray(0, missingEnd - at));
    return brought.ok ? ok({ bytes: brought.value, missed: true }) : brought;
  }

  /** Whether all of a range comes without being asked of the source. */
  async comesAnyway(range: Range): Promise<boolean> {
    return this.#parts !== null && (await this.#knownFrom(range)) === range.length;
  }

  async #knownFrom(range: Range): Promise<number> {
    return this.#parts === null ? 0 : knownFrom(this.#parts, range);
  }

  /**
   * Fills the beginning of `target` with missing bytes from `at` on, however they are had soonest.
   * @returns how many bytes; 0 when the clusters became local meanwhile.
   */
  async #bring(at: number, target: Uint8Array): Promise<Result<number>> {
    const { backing } = this.#overlay;
    if (backing === null) return ok(0);
    if (!backing.remote && this.#leftToJob()) return this.#readExactly(at, target);
    // Whoever holds the cluster is writing it; waiting for a local disk's data to be copied only costs the guest time.
    if (!backing.remote && this.#overlay.isClaimed(at)) return this.#readClaimed(at, target);
    const joined = backing.remote ? this.#fetcher.at(at) : null;
    if (joined !== null) {
      const taken = await takeFrom(joined, at, target);
      if (taken.ok || (joined.demand && isSourceFailure(taken.failure))) return taken;
    }
    return this.#fetch(backing, at, target);
  }

  async #readClaimed(at: number, target: Uint8Array): Promise<Result<number>> {
    const { clusterBytes } = this.#overlay;
    let end = alignDown(at, clusterBytes) + clusterBytes;
    while (end < at + target.length && this.#overlay.isClaimed(end)) end += clusterBytes;
    const length = Math.min(end - at, target.length);
    const read = await this.#overlay.read(at, target.subarray(0, length));
    return read.ok ? ok(length) : read;
  }

  async #fetch(backing: BlockDevice, at: number, target: Uint8Array): Promise<Result<number>> {
    const { clusterBytes, lengthBytes } = this.#overlay;
    const start = alignDown(at, clusterBytes);
    const limit = Math.min(
      lengthBytes,
      alignUp(at + target.length, clusterBytes),
      start + Math.max(LARGEST_FETCH_BYTES, clusterBytes),
    );
    const reservedBytes = limit - start;
    await this.#stores.reserve(reservedBytes);
    const claim = await this.#overlay.claim(start, limit);
    if (!claim.ok || claim.value === null) {
      this.#stores.giveBack(reservedBytes);
      return claim.ok ? ok(0) : this.#readExactly(at, target);
    }
    this.#limit.debit(claim.value.length);
    const taken = await takeFrom(this.#fetcher.start(backing, claim.value, reservedBytes, true), at, target);
    // Perhaps the cluster cannot be read as a whole, but what the guest wants of it can.
    return taken.ok || isSourceFailure(taken.failure) ? taken : this.#readExactly(at, target);
  }

  async #readExactly(at: number, target: Uint8Array): Promise<Result<number>> {
    const read = await this.#overlay.read(at, target);
    return read.ok ? ok(target.length) : read;
  }
}

async function takeFrom(fetch: Fetch, at: number, target: Uint8Array): Promise<Result<number>> {
  const data = await fetch.data;
  if (!data.ok) return data;
  const piece = data.value.subarray(at - fetch.offset, at - fetch.offset + target.length);
  target.set(piece);
  return ok(piece.length);
}

function isSourceFailure(failure: Failure): boolean {
  return failure.code.startsWith('source-');
}
