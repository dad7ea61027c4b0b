import type { Clock } from '../../../shared/clock.ts';
import { DONE, ok, type Failure, type Result } from '../../../shared/result.ts';
import { alignDown, alignUp, MIB } from '../../../shared/units.ts';
import { closedFailure, checkRange } from '../../block/bounds.ts';
import type { BlockDevice, Extent } from '../../block/device.ts';
import { InFlight } from '../../block/in-flight.ts';
import { knownFrom, type KnownParts } from '../../block/known-parts.ts';
import type { OverlayDevice } from '../../block/overlay.ts';
import { rangeEnd, type Range } from '../../block/range.ts';
import { REPORT, type SourcePolicy } from '../waiting/back-off.ts';
import { DemandWait } from './demand-wait.ts';
import type { Fetch } from './fetches.ts';
import { Fetcher } from './fetcher.ts';
import type { GuestAccess } from '../order/guest-access.ts';
import type { CopyOnReadObserver, WaitingForData } from './observer.ts';
import { ReadAhead } from './read-ahead.ts';
import { StoreQueue } from './store-queue.ts';
import { UNLIMITED } from '../limits/bucket-chain.ts';
import type { RateLimit } from '../limits/rate-limit.ts';

/** One fetch brings at most this much; a longer read takes several. */
const LARGEST_FETCH_BYTES = 4 * MIB;
/** QEMU's bound on the bounce buffers of copy-on-read. */
const MOST_PENDING_BYTES = 16 * MIB;

export interface CopyOnReadOptions {
  readonly clock: Clock;
  /** Limits that what guests read is debited from. */
  readonly limit?: RateLimit | undefined;
  /** What guest reads do when the source cannot be reached. Default: they fail. */
  readonly onSourceLost?: SourcePolicy | undefined;
  readonly observer?: CopyOnReadObserver | undefined;
  /** Bytes fetched and not yet stored, at most. */
  readonly mostPendingBytes?: number | undefined;
  /**
   * True while a job copies everything that is missing. What is read of a local source meanwhile is left to it: the
   * guest reads what it asked for and no more, and its thread does no writing, which a busy disk holds up for long.
   */
  readonly leftToJob?: (() => boolean) | undefined;
  /** What comes without being asked of the source: it is given to the guest exactly as it asks, and not widened. */
  readonly parts?: KnownParts | undefined;
  /** False switches off fetching ahead, which only remote sources get. */
  readonly readAhead?: boolean | undefined;
}

/**
 * Copy-on-read over any overlay: what a guest reads of the backing device is kept in the overlay, so it comes from
 * far away only once. The guest has its answer before the copy is written; a copy that cannot be written costs the
 * guest nothing. Owns the overlay: closing this closes it.
 *
 * A guest read fails only when the bytes it asked for cannot be had: widening to clusters, reading ahead and storing
 * never add a failure of their own.
 */
export class CopyOnReadDevice implements BlockDevice {
  readonly #overlay: OverlayDevice;
  readonly #clock: Clock;
  readonly #observer: CopyOnReadObserver;
  readonly #limit: RateLimit;
  readonly #stores: StoreQueue;
  readonly #fetcher: Fetcher;
  readonly #waits: DemandWait;
  readonly #ahead: ReadAhead | null;
  readonly #leftToJob: () => boolean;
  readonly #parts: KnownParts | null;
  readonly #requests = new InFlight();
  #failedStores = 0;
  #closing: Promise<Result<void>> | null = null;

  constructor(overlay: OverlayDevice, options: CopyOnReadOptions) {
    const { clock, observer = {}, limit = UNLIMITED } = options;
    this.#overlay = overlay;
    this.#clock = clock;
    this.#observer = observer;
    this.#limit = limit;
    this.#stores = new StoreQueue(options.mostPendingBytes ?? MOST_PENDING_BYTES);
    this.#fetcher = new Fetcher(this.#stores, limit, (range, failure) => this.#storeFailed(range, failure));
    this.#leftToJob = options.leftToJob ?? (() => false);
    this.#parts = options.parts ?? null;
    this.#waits = new DemandWait(clock, options.onSourceLost ?? REPORT, (state) => {
      observer.waitingForData?.(state);
    });
    const ahead = options.readAhead !== false && overlay.backing?.remote === true && !overlay.readOnly;
    this.#ahead = ahead ? new ReadAhead(clock, overlay, this.#fetcher, this.#stores, limit) : null;
  }

  get name(): string {
    return this.#overlay.name;
  }

  get lengthBytes(): number {
    return this.#overlay.lengthBytes;
  }

  get readOnly(): boolean {
    return this.#overlay.readOnly;
  }

  get remote(): boolean {
    return this.#overlay.remote;
  }

  /** What the overlay still takes from elsewhere; null once it stands alone. */
  get backing(): BlockDevice | null {
    return this.#overlay.backing;
  }

  /** Guest reads that wait for a lost source, since when and why; null when none does. */
  get waitingForData(): WaitingForData | null {
    return this.#waits.state;
  }

  /** Copies that could not be written. */
  get failedStores(): number {
    return this.#failedStores;
  }

  get pendingStoreBytes(): number {
    return this.#stores.pendingBytes;
  }

  /** Lets waiting reads try again at once. */
  retryNow(): void {
    this.#waits.retryNow();
  }

  read(offset: number, target: Uint8Array): Promise<Result<void>> {
    return this.#serve(async () => {
      if (this.#overlay.backing === null || this.#overlay.readOnly) {
        return this.#readThrough({ offset, length: target.length }, target);
      }
      const valid = checkRange(this.#overlay, offset, target.length);
      return valid.ok ? this.#read(offset, target) : valid;
    });
  }

  write(offset: number, data: Uint8Array): Promise<Result<void>> {
    return this.#serve(async () => {
      const written = await this.#overlay.write(offset, data);
      this.#tell({ kind: 'write', offset, length: data.length, missed: false });
      return written;
    });
  }

  writeZeroes(offset: number, length: number): Promise<Result<void>> {
    return this.#serve(async () => {
      const written = await this.#overlay.writeZeroes(offset, length);
      this.#tell({ kind: 'write', offset, length, missed: false });
      return written;
    });
  }

  discard(offset: number, length: number): Promise<Result<void>> {
    return this.#serve(() => this.#overlay.discard(offset, length));
  }

  /** What was read so far is stored before it, and durable with it. */
  flush(): Promise<Result<void>> {
    return this.#serve(async () => {
      await this.#stores.settled();
      return this.#overlay.flush();
    });
  }

  extentAt(offset: number, length: number): Promise<Result<Extent>> {
    return this.#serve(() => this.#overlay.extentAt(offset, length));
  }

  close(): Promise<Result<void>> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Reads that wait for a lost source fail, now and later: the device is about to be closed. */
  giveUpWaiting(): void {
    this.#waits.giveUp();
  }

  async #close(): Promise<Result<void>> {
    this.giveUpWaiting();
    const stopped = this.#ahead?.stop();
    await this.#requests.idle();
    await stopped;
    await this.#fetcher.idle();
    return this.#overlay.close();
  }

  #serve<T>(operation: () => Promise<Result<T>>): Promise<Result<T>> {
    if (this.#closing !== null) return Promise.resolve(this.#closedFailure());
    return this.#requests.track(operation);
  }

  async #readThrough(range: Range, target: Uint8Array): Promise<Result<void>> {
    const waiting = this.#waits.join();
    for (;;) {
      const read = await this.#overlay.read(range.offset, target);
      if (!read.ok && (await waiting.retryAfter(read.failure))) continue;
      waiting.left(read.ok);
      this.#tell({ ...range, kind: 'read', missed: false });
      return this.#unlessClosing(read);
    }
  }

  async #read(offset: number, target: Uint8Array): Promise<Result<void>> {
    const waiting = this.#waits.join();
    const beganMs = this.#clock.now();
    let missed = false;
    await this.#noteSequence({ offset, length: target.length });
    for (let at = offset; at < offset + target.length;) {
      const read = await this.#readSome(at, target.subarray(at - offset));
      if (read.ok) {
        at += read.value.bytes;
        missed ||= read.value.missed;
      } else if (!(await waiting.retryAfter(read.failure))) {
        waiting.left(false);
        return this.#unlessClosing(read);
      }
    }
    waiting.left(true);
    const tookMs = this.#clock.now() - beganMs;
    this.#tell({ kind: 'read', offset, length: target.length, missed, tookMs });
    return DONE;
  }

  /** Fills the beginning of `target`: the local bytes from `at` on, or else missing ones. */
  async #readSome(at: number, target: Uint8Array): Promise<Result<{ bytes: number; missed: boolean }>> {
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

  /** Nobody needs to run ahead of a guest that reads what comes anyway. */
  async #noteSequence(read: Range): Promise<void> {
    if (this.#ahead === null) return;
    if (this.#parts === null || (await this.#knownFrom(read)) < read.length) this.#ahead.note(read);
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

  #tell(access: GuestAccess): void {
    this.#observer.guestAccess?.(access);
  }

  #storeFailed(range: Range, failure: Failure): void {
    this.#failedStores += 1;
    this.#observer.storeFailed?.(range, failure);
  }

  #unlessClosing(result: Result<void>): Result<void> {
    return result.ok || this.#closing === null ? result : this.#closedFailure();
  }

  #closedFailure() {
    return closedFailure(this);
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
