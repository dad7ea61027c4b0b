import { sleep } from '../../shared/clock.ts';
import { because, ok, type Result } from '../../shared/result.ts';
import { shownLocation } from '../storage/chain/location.ts';
import type { FetchParts } from './fetch/document.ts';
import type { FeedCopy, Known, ListFormat, Listing } from './listing.ts';
import { WorkSlices } from '../../shared/work-slices.ts';

/** Publishers put a feed and its signature in place one after the other: how long to wait for the second. */
const SECOND_TRY_MS = 2000;

export interface FeedPlace {
  readonly format: ListFormat;
  readonly location: string;
}

export type Judged<Copy = FeedCopy> =
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'whole';
      readonly copy: Copy;
      readonly etag: string | null;
      readonly listing: Listing;
    };

/** Fetches what lies at a place, and answers with it only when it may take the place of what is known. */
export async function fetchJudged(
  { format, location }: FeedPlace,
  before: { readonly known: Known | null; readonly etag: string | null },
  parts: FetchParts & { readonly nowMs: () => number },
): Promise<Result<Judged>> {
  const { known, etag } = before;
  const first = await fetchOnce(format, location, known, etag, parts);
  if (first.ok || first.failure.code !== 'untrusted') return named(location, first);
  await sleep(parts.clock, SECOND_TRY_MS, parts.signal);
  return named(location, await fetchOnce(format, location, known, null, parts));
}

async function fetchOnce(
  format: ListFormat,
  location: string,
  known: Known | null,
  etag: string | null,
  parts: FetchParts & { readonly nowMs: () => number },
): Promise<Result<Judged>> {
  const fetched = await format.fetch(location, etag, parts);
  if (!fetched.ok) return fetched;
  if (fetched.value.kind === 'unchanged') return ok({ kind: 'unchanged' });
  const { copy, etag: next } = fetched.value;
  const listing = await format.judge(copy, location, known, parts.nowMs(), new WorkSlices(parts.clock));
  return listing.ok ? ok({ kind: 'whole', copy, etag: next, listing: listing.value }) : listing;
}

function named<T>(location: string, result: Result<T>): Result<T> {
  return result.ok ? result : because(`The feed '${shownLocation(location)}' cannot be used`, result);
}
