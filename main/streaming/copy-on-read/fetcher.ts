import { ok, type Failure, type Result } from '../../../shared/result.ts';
import { readPadded } from '../../block/backing-read.ts';
import type { BlockDevice } from '../../block/device.ts';
import { InFlight } from '../../block/in-flight.ts';
import type { Claim } from '../../block/overlay.ts';
import type { Range } from '../../block/range.ts';
import type { RateLimit } from '../limits/rate-limit.ts';
import { Fetches, type Fetch } from './fetches.ts';
import type { StoreQueue } from './store-queue.ts';

/**
 * Brings claimed clusters: reads them from the backing device, hands the data out as soon as it is there, stores it
 * behind that, and releases the claim whatever happens.
 */
export class Fetcher {
  readonly #fetches = new Fetches();
  readonly #work = new InFlight();
  readonly #stores: StoreQueue;
  readonly #limit: RateLimit;
  readonly #storeFailed: (range: Range, failure: Failure) => void;

  constructor(stores: StoreQueue, limit: RateLimit, storeFailed: (range: Range, failure: Failure) => void) {
    this.#stores = stores;
    this.#limit = limit;
    this.#storeFailed = storeFailed;
  }

  /** The fetch under way that covers `offset`. */
  at(offset: number): Fetch | null {
    return this.#fetches.at(offset);
  }

  /**
   * Starts to fetch `claim`, for which room in the store queue was reserved.
   * @param demand a guest waits: background work stands back meanwhile
   */
  start(backing: BlockDevice, claim: Claim, reservedBytes: number, demand: boolean): Fetch {
    const fetch: Fetch = {
      offset: claim.offset,
      length: claim.length,
      demand,
      data: this.#read(backing, claim, demand && backing.remote),
    };
    this.#fetches.add(fetch);
    void this.#work.track(() => this.#follow(fetch, claim, reservedBytes));
    return fetch;
  }

  /** Resolves when nothing is being read or stored any more. */
  idle(): Promise<void> {
    return this.#work.idle();
  }

  /** Waits for the data first of all, before anybody can join: joiners find a failed claim released. */
  async #follow(fetch: Fetch, claim: Claim, reservedBytes: number): Promise<void> {
    const read = await fetch.data;
    if (read.ok) {
      await this.#stores.add(reservedBytes, () => this.#store(fetch, claim, read.value));
    } else {
      this.#fetches.delete(fetch);
      claim.release();
      this.#stores.giveBack(reservedBytes);
    }
  }

  async #read(backing: BlockDevice, claim: Claim, demand: boolean): Promise<Result<Uint8Array>> {
    const data = new Uint8Array(claim.length);
    if (demand) this.#limit.demandBegan();
    const read = await readPadded(backing, claim.offset, data);
    if (demand) this.#limit.demandEnded();
    return read.ok ? ok(data) : read;
  }

  async #store(fetch: Fetch, claim: Claim, data: Uint8Array): Promise<void> {
    // From the moment the overlay publishes them, guests may change these clusters: nobody may join any more.
    this.#fetches.delete(fetch);
    const stored = await claim.store(data);
    claim.release();
    if (!stored.ok) this.#storeFailed({ offset: claim.offset, length: claim.length }, stored.failure);
  }
}
