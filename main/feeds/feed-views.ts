import type { FeedOffer, FeedState, FeedView } from '../../shared/ipc/feeds.ts';
import type { FeedRow } from '../catalog/tables/feeds.ts';
import { shownLocation } from '../storage/chain/location.ts';
import type { FeedPlace } from './fetch-judged.ts';
import type { Listing } from './listing.ts';
import { fingerprintOf } from './signature/public-key.ts';
import { isExpired } from './trust.ts';

/** A feed as it stands in memory. */
export interface Subscription {
  readonly row: FeedRow;
  /** Null when the copy cannot be read any more, until it was fetched again. */
  readonly listing: Listing | null;
  readonly refreshing: boolean;
}

export function stateOf({ expiresMs, failure }: FeedRow, nowMs: number): FeedState {
  if (expiresMs !== null && isExpired(expiresMs, nowMs)) return 'expired';
  return failure === null ? 'current' : 'stale';
}

export function feedView({ row, listing, refreshing }: Subscription, held: boolean, nowMs: number): FeedView {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    feedId: row.feedId,
    location: shownLocation(row.location),
    key: row.publicKey,
    fingerprint: row.publicKey === null ? null : fingerprintOf(row.publicKey),
    serial: row.serial,
    issuedMs: row.issuedMs,
    expiresMs: row.expiresMs,
    appliances: listing?.appliances.length ?? 0,
    unreadable: listing?.unreadable ?? 0,
    state: stateOf(row, nowMs),
    refreshing,
    held,
    checkedMs: row.checkedMs,
    failure: row.failure,
  };
}

/** @param known whether there is a subscription to it already */
export function feedOffer({ format, location }: FeedPlace, listing: Listing, known: boolean): FeedOffer {
  const { name, feedId, key, serial, issuedMs, expiresMs, appliances, unreadable } = listing;
  return {
    kind: format.kind,
    name,
    feedId,
    location: shownLocation(location),
    key,
    fingerprint: key === null ? null : fingerprintOf(key),
    serial,
    issuedMs,
    expiresMs,
    appliances: appliances.length,
    unreadable,
    known,
  };
}
