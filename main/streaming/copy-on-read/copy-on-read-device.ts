import type { Clock } from '../../../shared/clock.ts';
import { DONE, type Failure, type Result } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import { closedFailure, checkRange } from '../../block/bounds.ts';
import type { BlockDevice, Extent } from '../../block/device.ts';
import { InFlight } from '../../block/in-flight.ts';
import type { KnownParts } from '../../block/known-parts.ts';
import type { OverlayDevice } from '../../block/overlay.ts';
import type { Range } from '../../block/range.ts';
import { REPORT, type SourcePolicy } from '../waiting/back-off.ts';
import { DemandReads } from './demand-reads.ts';
import { DemandWait } from './demand-wait.ts';
import { Fetcher } from './fetcher.ts';
import type { GuestAccess } from '../order/guest-access.ts';
import type { CopyOnReadObserver, WaitingForData } from './observer.ts';
import { ReadAhead } from './read-ahead.ts';
import { StoreQueue } from './store-queue.ts';
import { UNLIMITED } from '../limits/bucket-chain.ts';
import type { RateLimit } from '../limits/rate-limit.ts';

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
  readonly #stores: StoreQueue;
  readonly #fetcher: Fetcher;
  readonly #waits: DemandWait;
  readonly #ahead: ReadAhead | null;
  readonly #reads: DemandReads;
  readonly #requests = new InFlight();
  #failedStores = 0;
  #closing: Promise<Result<void>> | null = null;

  constructor(overlay: OverlayDevice, options: CopyOnReadOptions) {
    const { clock, observer = {}, limit = UNLIMITED } = options;
    this.#overlay = overlay;
    this.#clock = clock;
    this.#observer = observer;
    this.#stores = new StoreQueue(options.mostPendingBytes ?? MOST_PENDING_BYTES);
    this.#fetcher = new Fetcher(this.#stores, limit, (range, failure) => this.#storeFailed(range, failure));
    this.#reads = new DemandReads(overlay, this.#fetcher, this.#stores, {
      limit,
      leftToJob: options.leftToJob ?? (() => false),
      parts: options.parts ?? null,
    });
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
      const read = await this.#reads.readSome(at, target.subarray(at - offset));
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

  /** Nobody needs to run ahead of a guest that reads what comes anyway. */
  async #noteSequence(read: Range): Promise<void> {
    if (this.#ahead !== null && !(await this.#reads.comesAnyway(read))) this.#ahead.note(read);
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
