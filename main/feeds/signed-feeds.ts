import { FEED_LIMITS, type FeedAppliance } from '../../shared/feed.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { Feed } from './document.ts';
import { fetchDocument, resolveLocation, withSuffix } from './fetch/document-source.ts';
import type { FeedCopy, ListedAppliance, ListFormat, Listing } from './listing.ts';
import { judgeFeed, readSigned, type SignedFeed } from './trust.ts';

/** Headwater's own format: `feed.json`, and its signature beside it. */
export const signedFeeds: ListFormat = {
  kind: 'signed',

  async fetch(location, etag, parts) {
    const document = await fetchDocument(location, { mostBytes: FEED_LIMITS.documentBytes, etag }, parts);
    if (!document.ok) return document;
    if (document.value.kind === 'unchanged') return ok({ kind: 'unchanged' });
    const beside = withSuffix(location, '.minisig');
    const signature = await fetchDocument(beside, { mostBytes: FEED_LIMITS.signatureBytes }, parts);
    if (!signature.ok) return signature;
    if (signature.value.kind === 'unchanged') return err('malformed', `'${beside}' has no content`);
    const copy = { document: document.value.bytes, signature: signature.value.bytes.toString() };
    return ok({ kind: 'whole', copy, etag: document.value.etag });
  },

  async read(copy, location, slices) {
    const signed = signedOf(copy);
    if (!signed.ok) return signed;
    const feed = await readSigned(signed.value, slices);
    return feed.ok ? ok(listingOf(feed.value, location)) : feed;
  },

  async judge(copy, location, known, nowMs, slices) {
    const signed = signedOf(copy);
    if (!signed.ok) return signed;
    const before =
      known === null
        ? null
        : { ...known, key: known.key ?? '', document: known.copy === null ? null : known.copy.document };
    const feed = await judgeFeed(signed.value, before, nowMs, slices);
    return feed.ok ? ok(listingOf(feed.value, location)) : feed;
  },
};

function signedOf({ document, signature }: FeedCopy): Result<SignedFeed> {
  return signature === null
    ? err('untrusted', 'it is not signed', { words: ['feed-unsigned'] })
    : ok({ document, signature });
}

function listingOf(feed: Feed, location: string): Listing {
  return {
    feedId: feed.feedId,
    name: feed.name,
    key: feed.key,
    serial: feed.serial,
    issuedMs: Date.parse(feed.issued),
    expiresMs: Date.parse(feed.expires),
    appliances: feed.appliances.map((appliance) => listed(appliance, location)),
    unreadable: feed.unreadable,
  };
}

function listed({ master, sources, ...description }: FeedAppliance, location: string): ListedAppliance {
  const found = sources.map((source) => resolveLocation(location, source));
  return { description, content: { kind: 'master', description: master, sources: found } };
}
