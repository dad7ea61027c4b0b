import type { Clock } from '../../shared/clock.ts';
import { ok, type Result } from '../../shared/result.ts';
import type { FeedRow, StoredFeedCopy } from '../catalog/tables/feeds.ts';
import { fetchJudged, type Judged } from './fetch-judged.ts';
import { formatOf } from './formats.ts';
import type { Known, Listing } from './listing.ts';
import { packCopy, unpackCopy } from './packed-copy.ts';
import { WorkSlices } from '../../shared/work-slices.ts';

/** What is known of a feed, as the catalog keeps it. */
export type StoredKnown = Omit<Known, 'copy'> & { readonly copy: StoredFeedCopy | null };

/** A feed that was fetched, and its copy as the catalog is to keep it. */
export type JudgedFeed = Judged<StoredFeedCopy>;

/** A feed to be fetched, and what is known of it from before. */
export interface FeedWish {
  readonly kind: FeedRow['kind'];
  readonly location: string;
  /** Null for one that is new to us. */
  readonly known: StoredKnown | null;
  /** The tag of what is known. */
  readonly etag: string | null;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** The copy of a feed, as the catalog kept it. */
export interface KeptFeed {
  readonly kind: FeedRow['kind'];
  readonly location: string;
  readonly copy: StoredFeedCopy;
}

/** Fetches feeds, checks them, takes them apart and packs them: work of a second where thousands of appliances are listed. */
export interface FeedReader {
  /** As {@link fetchJudged}. */
  judge(wish: FeedWish, signal: AbortSignal): Promise<Result<JudgedFeed>>;
  /** As the format's `read`. */
  read(kept: KeptFeed): Promise<Result<Listing>>;
}

/** Does it in the thread it is called in, in slices. */
export class LocalFeedReader implements FeedReader {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async judge(wish: FeedWish, signal: AbortSignal): Promise<Result<JudgedFeed>> {
    const { kind, location, etag, nowMs } = wish;
    const place = { format: formatOf(kind), location };
    const known = wish.known && (await unpackKnown(wish.known));
    const parts = { clock: this.#clock, nowMs: () => nowMs, signal };
    const judged = await fetchJudged(place, { known, etag }, parts);
    if (!judged.ok || judged.value.kind === 'unchanged')
      return judged.ok ? ok({ kind: 'unchanged' }) : judged;
    return ok({ ...judged.value, copy: await packCopy(judged.value.copy) });
  }

  async read({ kind, location, copy }: KeptFeed): Promise<Result<Listing>> {
    const unpacked = await unpackCopy(copy);
    return unpacked.ok
      ? formatOf(kind).read(unpacked.value, location, new WorkSlices(this.#clock))
      : unpacked;
  }
}

/** A copy that is damaged is as good as lost. */
async function unpackKnown({ copy, ...known }: StoredKnown): Promise<Known> {
  const unpacked = copy && (await unpackCopy(copy));
  return { ...known, copy: unpacked?.ok === true ? unpacked.value : null };
}
