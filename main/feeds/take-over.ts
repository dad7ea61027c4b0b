import { createHash } from 'node:crypto';
import { err, ok, type Result } from '../../shared/result.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { FeedRow } from '../catalog/tables/feeds.ts';
import type { Subscription } from './feed-views.ts';
import type { FeedReader } from './feed-reader.ts';
import type { FeedPlace } from './fetch-judged.ts';
import { formatOf } from './formats.ts';
import { followListing } from './install.ts';
import type { Listing } from './listing.ts';

export const GONE = err('not-found', 'This feed was removed already', { words: ['feed-gone'] });

export interface TakeOverParts {
  readonly catalog: Catalog;
  readonly reader: FeedReader;
  readonly nowMs: () => number;
  /** Nothing is stored any more once it is aborted. */
  readonly signal: AbortSignal;
}

/**
 * Fetches a feed and stores what may take the place of its copy, with all that follows from it, in one change of the
 * catalog. A failure changes nothing.
 */
export async function takeOver(before: Subscription, parts: TakeOverParts): Promise<Result<Subscription>> {
  const { catalog, reader, nowMs, signal } = parts;
  const { row, listing: present } = before;
  const copy = catalog.read(({ feeds }) => feeds.copyOf(row.id));
  if (!copy.ok) return copy;
  const place = { format: formatOf(row.kind), location: row.location };
  // A copy that cannot be read is as good as none: it is fetched again, whatever its tag.
  const [etagKnown, copyKnown] = present === null ? [null, null] : [row.etag, copy.value];
  const known = { feedId: row.feedId, key: row.publicKey, serial: row.serial, copy: copyKnown };
  const { kind, location } = row;
  const judged = await reader.judge({ kind, location, known, etag: etagKnown, nowMs: nowMs() }, signal);
  if (!judged.ok) return judged;
  // Perhaps removed and added anew: what was fetched then stays.
  if (signal.aborted) return GONE;
  const checkedMs = nowMs();
  if (judged.value.kind === 'unchanged') {
    const noted = catalog.note(({ feeds }) => feeds.checked(row.id, checkedMs, null));
    return noted.ok ? ok({ ...before, row: { ...row, checkedMs, failure: null } }) : noted;
  }
  const { listing, copy: next, etag } = judged.value;
  const nextRow = feedRow(row.id, place, listing, { etag, checkedMs, addedMs: row.addedMs });
  const stored = catalog.change((tables) => {
    // A feed that was removed while it was fetched must not come back.
    if (tables.feeds.find(row.id) === null) return false;
    tables.feeds.put(nextRow, next);
    followListing(tables, row.id, listing.appliances, checkedMs);
    return true;
  });
  if (!stored.ok) return stored;
  return stored.value ? ok({ row: nextRow, listing, refreshing: false }) : GONE;
}

/**
 * A subscription's id is made of what the feed is recognised by, so that who subscribes again finds the appliances of
 * before. 16 digits, always, so that ids of appliances, which begin with it, cannot be mistaken.
 */
export function feedRowId({ format, location }: FeedPlace, { key, feedId }: Listing): string {
  const identity = key === null ? ['unsigned', location] : ['signed', key, feedId];
  return createHash('sha256')
    .update([format.kind, ...identity].join('\n'))
    .digest('hex')
    .slice(0, 16);
}

export function feedRow(
  id: string,
  { format, location }: FeedPlace,
  listing: Listing,
  rest: Pick<FeedRow, 'etag' | 'checkedMs' | 'addedMs'>,
): FeedRow {
  const { name, feedId, key: publicKey, serial, issuedMs, expiresMs } = listing;
  const { kind } = format;
  return { id, kind, location, name, feedId, publicKey, serial, issuedMs, expiresMs, failure: null, ...rest };
}
