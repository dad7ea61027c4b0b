import type { Clock } from '../../shared/clock.ts';
import type { FeedOffer, FeedView, NewFeed } from '../../shared/ipc/feeds.ts';
import type { Notice } from '../../shared/ipc/notices.ts';
import { DONE, err, ok, type Err, type Result } from '../../shared/result.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { FeedRow, StoredFeedCopy } from '../catalog/tables/feeds.ts';
import { isRemote, shownLocation } from '../storage/chain/location.ts';
import { feedOffer, feedView, type Subscription } from './feed-views.ts';
import type { FeedReader } from './feed-reader.ts';
import type { FeedPlace } from './fetch-judged.ts';
import { placeOf } from './formats.ts';
import { followListing } from './install.ts';
import type { Listing } from './listing.ts';
import { readCopies } from './read-copies.ts';
import { RefreshSchedule } from './refresh-schedule.ts';
import { fingerprintOf } from './signature/public-key.ts';
import { feedRow, feedRowId, GONE, takeOver } from './take-over.ts';

export interface FeedParts {
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly reader: FeedReader;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Whether the line is one on which only what guests need is fetched. */
  readonly metered: () => boolean;
  /** The feeds, or what they list, look different now. */
  readonly changed: () => void;
  readonly notice: (notice: Notice) => void;
  /** For what nobody can be told otherwise. */
  readonly warn: (text: string) => void;
}

/** One that is under way. */
interface Refresh {
  readonly done: Promise<Result<void>>;
  /** Aborted when the feed is removed. */
  readonly ended: AbortController;
}

const CLOSED = err('cancelled', 'The feeds are being closed', { words: ['closing'] });

/** What people publish, as far as the user has subscribed to it. Every feed's last good copy stays usable. */
export class FeedService {
  readonly #parts: FeedParts;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #schedule: RefreshSchedule;
  readonly #refreshes = new Map<string, Refresh>();
  readonly #closing = new AbortController();
  #reading: Promise<void> = Promise.resolve();

  constructor(parts: FeedParts) {
    this.#parts = parts;
    this.#schedule = new RefreshSchedule(parts.clock, (id) => void this.#refreshWhenDue(id));
  }

  /**
   * Learns which feeds there are, and begins to read their copies, which takes no network. To be called once, before
   * anything else.
   */
  open(): Result<void> {
    const rows = this.#parts.catalog.read(({ feeds }) => feeds.list());
    if (!rows.ok) return rows;
    for (const row of rows.value) this.#set({ row, listing: null, refreshing: false });
    if (rows.value.length > 0) this.#reading = this.#readCopies(rows.value);
    return DONE;
  }

  /** Succeeds once it is known what the feeds list; `cancelled` where the service is closed before. */
  async whenRead(): Promise<Result<void>> {
    await this.#reading;
    return this.#closing.signal.aborted ? CLOSED : DONE;
  }

  /** Looks at every feed now, and again from time to time. */
  start(): void {
    for (const id of this.#subscriptions.keys()) this.#schedule.atOnce(id);
  }

  /** All subscriptions, in the order they were made. */
  get subscriptions(): readonly Subscription[] {
    return [...this.#subscriptions.values()];
  }

  get views(): FeedView[] {
    return this.subscriptions.map((subscription) => this.#view(subscription));
  }

  async list(): Promise<Result<FeedView[]>> {
    const read = await this.whenRead();
    return read.ok ? ok(this.views) : read;
  }

  /** Fetches a feed and shows what it says of itself. Nothing is stored. */
  async look({ location }: { location: string }): Promise<Result<FeedOffer>> {
    const found = await this.#find(location);
    if (!found.ok) return found;
    const { place, listing, id } = found.value;
    return ok(feedOffer(place, listing, this.#subscriptions.has(id)));
  }

  /**
   * Subscribes. From now on the feed must be signed with this key, or one that its holder passes it on to. Fails with
   * `untrusted` when it is signed with another one, with `already-exists` when it is known.
   */
  async add({ location, key }: NewFeed): Promise<Result<FeedView>> {
    const found = await this.#find(location);
    if (!found.ok) return found;
    const { place, listing, copy, etag, id } = found.value;
    const refused = this.#mayAdd(found.value, key);
    if (!refused.ok) return refused;
    const nowMs = this.#parts.nowMs();
    const row = feedRow(id, place, listing, { etag, checkedMs: nowMs, addedMs: nowMs });
    const stored = this.#parts.catalog.change((tables) => {
      tables.feeds.put(row, copy);
      // Machines may be here from when it was among the feeds before.
      followListing(tables, id, listing.appliances, nowMs);
    });
    if (!stored.ok) return stored;
    const subscription = { row, listing, refreshing: false };
    this.#set(subscription);
    this.#schedule.afterSuccess(id);
    this.#parts.changed();
    return ok(this.#view(subscription));
  }

  /**
   * Forgets a feed and its key. Appliances that machines were made from stay, as do their masters, for as long as
   * machines need them.
   */
  async remove({ id }: { id: string }): Promise<Result<void>> {
    if (!this.#subscriptions.has(id)) return GONE;
    const removed = this.#parts.catalog.change((tables) => {
      followListing(tables, id, [], this.#parts.nowMs());
      tables.feeds.remove(id);
    });
    if (!removed.ok) return removed;
    this.#subscriptions.delete(id);
    this.#schedule.forget(id);
    this.#refreshes.get(id)?.ended.abort();
    this.#refreshes.delete(id);
    this.#parts.changed();
    return DONE;
  }

  /** Looks at a feed now. A failure is the feed's as well, and the copy stays. Two at a time are one. */
  refresh({ id }: { id: string }): Promise<Result<void>> {
    const running = this.#refreshes.get(id);
    if (running !== undefined) return running.done;
    const ended = new AbortController();
    const done = this.#refresh(id, ended.signal).finally(() => {
      // Unless the feed was removed meanwhile, and what is refreshed by now is one that was added anew.
      if (this.#refreshes.get(id)?.ended === ended) this.#refreshes.delete(id);
    });
    this.#refreshes.set(id, { done, ended });
    return done;
  }

  /** Ends what is being fetched. What was taken over is stored already. */
  async close(): Promise<void> {
    this.#schedule.stop();
    this.#closing.abort();
    await Promise.all([this.#reading, ...Array.from(this.#refreshes.values(), ({ done }) => done)]);
  }

  async #refreshWhenDue(id: string): Promise<void> {
    const subscription = this.#subscriptions.get(id);
    if (subscription === undefined) return;
    if (this.#isHeld(subscription.row)) this.#schedule.afterHold(id);
    else await this.refresh({ id });
  }

  /** What waits for them all goes on when the last one is read: a part would look as if the rest had been withdrawn. */
  async #readCopies(rows: readonly FeedRow[]): Promise<void> {
    await readCopies(rows, {
      ...this.#parts,
      signal: this.#closing.signal,
      read: (row, listing) => {
        const subscription = this.#subscriptions.get(row.id);
        // Unless it was removed meanwhile, or removed and added anew, with what was fetched then.
        if (subscription?.row === row) this.#set({ ...subscription, listing });
      },
      lost: ({ name }, { message }) => this.#parts.warn(`The copy of the feed '${name}' is lost: ${message}`),
    });
    if (!this.#closing.signal.aborted) this.#parts.changed();
  }

  #set(subscription: Subscription): void {
    this.#subscriptions.set(subscription.row.id, subscription);
  }

  async #refresh(id: string, ended: AbortSignal): Promise<Result<void>> {
    const read = await this.whenRead();
    if (!read.ok) return read;
    const before = this.#subscriptions.get(id);
    // A feed that was removed may have been added anew.
    const isGone = () => ended.aborted;
    if (before === undefined || isGone()) return GONE;
    this.#set({ ...before, refreshing: true });
    this.#parts.changed();
    const signal = AbortSignal.any([this.#closing.signal, ended]);
    const taken = await takeOver(before, { ...this.#parts, signal });
    if (isGone()) return GONE;
    if (this.#closing.signal.aborted) return taken.ok ? DONE : CLOSED;
    if (taken.ok) {
      this.#tellOfNewKey(before, taken.value);
      this.#schedule.afterSuccess(id);
    } else this.#schedule.afterFailure(id, taken.failure.retryAfterMs);
    this.#set(taken.ok ? taken.value : this.#failed(before, taken));
    this.#parts.changed();
    return taken.ok ? DONE : taken;
  }

  #tellOfNewKey(
    { row: { publicKey: before } }: Subscription,
    { row: { id, name, publicKey } }: Subscription,
  ): void {
    if (publicKey === null || publicKey === before) return;
    const fingerprint = fingerprintOf(publicKey);
    const text = `${name} has a new key, which the holder of the old one vouches for: ${fingerprint}`;
    this.#parts.notice({
      level: 'info',
      kind: 'feed-new-key',
      facts: [name, fingerprint],
      failure: null,
      subject: id,
      text,
    });
  }

  #failed({ row, listing }: Subscription, { failure }: Err): Subscription {
    if (failure.code === 'untrusted' && row.failure?.code !== failure.code) {
      const { message: text } = failure;
      this.#parts.notice({
        level: 'error',
        kind: 'feed-untrusted',
        facts: [row.name],
        failure,
        subject: row.id,
        text,
      });
    }
    const noted = this.#parts.catalog.note(({ feeds }) => feeds.checked(row.id, row.checkedMs, failure));
    if (!noted.ok) this.#parts.warn(noted.failure.message);
    return { row: { ...row, failure }, listing, refreshing: false };
  }

  async #find(location: string): Promise<Result<Found>> {
    const place = placeOf(location);
    if (!place.ok) return place;
    const { reader, nowMs } = this.#parts;
    const { format, location: at } = place.value;
    const wish = { kind: format.kind, location: at, known: null, etag: null, nowMs: nowMs() };
    const judged = await reader.judge(wish, this.#closing.signal);
    if (!judged.ok) return judged;
    if (judged.value.kind === 'unchanged') return err('malformed', `'${location}' has no content`);
    const { listing, copy, etag } = judged.value;
    return ok({ place: place.value, listing, copy, etag, id: feedRowId(place.value, listing) });
  }

  #mayAdd({ place, listing, id }: Found, key: string | null): Result<void> {
    const shown = shownLocation(place.location);
    if (listing.key !== key) {
      const present =
        listing.key === null ? 'not signed' : `signed with the key ${fingerprintOf(listing.key)}`;
      const wanted = key === null ? 'no key was given' : `${fingerprintOf(key)} was expected`;
      return err('untrusted', `The feed '${shown}' is ${present}, where ${wanted}`, {
        words: ['feed-other-key'],
      });
    }
    const known = this.subscriptions.find(({ row }) => row.id === id || row.location === place.location)?.row;
    if (known === undefined) return DONE;
    return err(
      'already-exists',
      `'${known.name}' from '${shownLocation(known.location)}' is among your feeds already; remove it first to add it anew`,
      { words: ['feed-known', known.name] },
    );
  }

  #view(subscription: Subscription): FeedView {
    return feedView(subscription, this.#isHeld(subscription.row), this.#parts.nowMs());
  }

  #isHeld({ location }: FeedRow): boolean {
    return isRemote(location) && this.#parts.metered();
  }
}

/** A feed as it lies at a place now. */
interface Found {
  readonly place: FeedPlace;
  readonly listing: Listing;
  readonly copy: StoredFeedCopy;
  readonly etag: string | null;
  readonly id: string;
}
