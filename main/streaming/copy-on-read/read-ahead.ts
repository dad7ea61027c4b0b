import { sleep, type Clock } from '../../../shared/clock.ts';
import { alignDown, alignUp } from '../../../shared/units.ts';
import type { OverlayDevice } from '../../block/overlay.ts';
import { rangeEnd, type Range } from '../../block/range.ts';
import { AdaptiveWindow } from '../window/adaptive-window.ts';
import type { RateLimit } from '../limits/rate-limit.ts';
import type { Fetcher } from './fetcher.ts';
import { SequentialReads } from './sequential-reads.ts';
import type { StoreQueue } from './store-queue.ts';

/** Stretches waiting to be fetched; older ones are given up, the guest is elsewhere. */
const MOST_AREAS = 4;

/**
 * Fetches ahead of guests that read forwards from a remote source. How far ahead is up to the guest's reads; how much
 * of it is under way at once is up to the line, measured by the same window as the stream job's, so that a demand
 * read on a slow line does not queue behind it. A source that fails, or a limit that is used up, ends it quietly.
 */
export class ReadAhead {
  readonly #clock: Clock;
  readonly #overlay: OverlayDevice;
  readonly #fetcher: Fetcher;
  readonly #stores: StoreQueue;
  readonly #limit: RateLimit;
  readonly #reads = new SequentialReads();
  readonly #window: AdaptiveWindow;
  readonly #areas: Range[] = [];
  #outstandingBytes = 0;
  #pumping: Promise<void> | null = null;
  #stopped = false;

  constructor(clock: Clock, overlay: OverlayDevice, fetcher: Fetcher, stores: StoreQueue, limit: RateLimit) {
    this.#clock = clock;
    this.#overlay = overlay;
    this.#fetcher = fetcher;
    this.#stores = stores;
    this.#limit = limit;
    this.#window = new AdaptiveWindow(clock, overlay.clusterBytes);
  }

  note(read: Range): void {
    const area = this.#reads.note(read);
    if (area === null || this.#stopped) return;
    this.#areas.unshift(area);
    this.#areas.length = Math.min(this.#areas.length, MOST_AREAS);
    this.#pump();
  }

  /** Starts nothing more; resolves when nothing is being started. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#areas.length = 0;
    await this.#pumping;
  }

  #pump(): void {
    this.#pumping ??= this.#run().finally(() => {
      this.#pumping = null;
      // A fetch may have ended while this was coming to its end.
      const { requestBytes } = this.#window;
      if (this.#areas.length > 0 && this.#window.admits(this.#outstandingBytes, requestBytes)) this.#pump();
    });
  }

  async #run(): Promise<void> {
    // The read that led here asks first.
    await sleep(this.#clock, 0);
    for (let area = this.#areas.shift(); area !== undefined; area = this.#areas.shift()) {
      const rest = await this.#fetchSome(area);
      if (rest === null) continue;
      // The window is full: what ends next goes on from here.
      if (!this.#stopped) this.#areas.unshift(rest);
      return;
    }
  }

  /** Starts what the window admits of `area`; returns the rest when the window is full. */
  async #fetchSome(area: Range): Promise<Range | null> {
    const { clusterBytes, lengthBytes } = this.#overlay;
    const end = Math.min(alignUp(rangeEnd(area), clusterBytes), lengthBytes);
    for (let at = alignDown(area.offset, clusterBytes); at < end;) {
      const size = this.#window.requestBytes;
      if (!this.#window.admits(this.#outstandingBytes, size)) return { offset: at, length: end - at };
      const missing = await this.#overlay.findMissing(at, end);
      if (this.#stopped || !missing.ok || missing.value === null) return null;
      at = missing.value.offset;
      const next = await this.#fetch(at, Math.min(at + size, end));
      if (next === null) return null;
      at = next;
    }
    return null;
  }

  /** Starts one fetch; returns where to go on, null when it is better to stop. */
  async #fetch(at: number, limit: number): Promise<number | null> {
    const { backing, clusterBytes } = this.#overlay;
    // Somebody is bringing it: the guest's own read, or the stream job.
    if (this.#overlay.isClaimed(at)) return at + clusterBytes;
    const bytes = limit - at;
    if (!this.#stores.tryReserve(bytes)) return null;
    const claim = backing === null || this.#stopped ? null : await this.#overlay.claim(at, limit);
    if (backing === null || claim === null || !claim.ok || claim.value === null) {
      this.#stores.giveBack(bytes);
      return claim?.ok ? at + clusterBytes : null;
    }
    const range = claim.value;
    if (this.#stopped || this.#limit.take(range.length) > 0) {
      range.release();
      this.#stores.giveBack(bytes);
      return null;
    }
    const departure = this.#window.began(range.length, this.#outstandingBytes);
    this.#outstandingBytes += range.length;
    void this.#fetcher.start(backing, range, bytes, false).data.then((read) => {
      this.#outstandingBytes -= range.length;
      this.#window.ended(departure, read.ok ? range.length : null);
      if (!read.ok) this.#areas.length = 0;
      if (this.#areas.length > 0) this.#pump();
    });
    return rangeEnd(range);
  }
}
