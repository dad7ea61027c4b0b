import type { Clock } from '../../shared/clock.ts';
import type { Result } from '../../shared/result.ts';
import type { FeedCopy, FeedRow } from '../catalog/tables/feeds.ts';
import { fetchJudged, type Judged } from './fetch-judged.ts';
import { formatOf } from './formats.ts';
import type { Known, Listing } from './listing.ts';
import { WorkSlices } from '../../shared/work-slices.ts';

/** A feed to be fetched, and what is known of it from before. */
export interface FeedWish {
  readonly kind: FeedRow['kind'];
  readonly location: string;
  /** Null for one that is new to us. */
  readonly known: Known | null;
  /** The tag of what is known. */
  readonly etag: string | null;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** The copy of a feed, as it was fetched once. */
export interface KeptFeed {
  readonly kind: FeedRow['kind'];
  readonly location: string;
  readonly copy: FeedCopy;
}

/** Fetches feeds, checks them and takes them apart: work of a second where thousands of appliances are listed. */
export interface FeedReader {
  /** As {@link fetchJudged}. */
  judge(wish: FeedWish, signal: AbortSignal): Promise<Result<Judged>>;
  /** As the format's `read`. */
  read(kept: KeptFeed): Promise<Result<Listing>>;
}

/** Does it in the thread it is called in, in slices. */
export class LocalFeedReader implements FeedReader {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  judge({ kind, location, known, etag, nowMs }: FeedWish, signal: AbortSignal): Promise<Result<Judged>> {
    const place = { format: formatOf(kind), location };
    return fetchJudged(place, { known, etag }, { clock: this.#clock, nowMs: () => nowMs, signal });
  }

  read({ kind, location, copy }: KeptFeed): Promise<Result<Listing>> {
    return formatOf(kind).read(copy, location, new WorkSlices(this.#clock));
  }
}
