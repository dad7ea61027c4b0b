import { err, ok, type Result } from '../../shared/result.ts';
import { parseFeed, type Feed } from './document.ts';
import { followRotations } from './rotation.ts';
import { parsePublicKey } from './signature/public-key.ts';
import { verifyDetached } from './signature/signature.ts';
import type { WorkSlices } from '../../shared/work-slices.ts';

/** A feed's two files, byte for byte. */
export interface SignedFeed {
  readonly document: Uint8Array;
  /** The content of the `.minisig`. */
  readonly signature: string;
}

/** What is known of a feed from before. */
export interface KnownFeed {
  readonly feedId: string;
  readonly key: string;
  readonly serial: number;
  /** Null when it was lost. */
  readonly document: Uint8Array | null;
}

/** By how much clocks may differ: time zones set wrong, batteries gone weak. */
export const CLOCK_TOLERANCE_MS = 24 * 60 * 60 * 1000;

/** Reads a feed and checks that it is signed with the key it names. Says nothing about whose key that is. */
export async function readSigned(
  { document, signature }: SignedFeed,
  slices: WorkSlices,
): Promise<Result<Feed>> {
  const feed = await parseFeed(document, slices);
  if (!feed.ok) return feed;
  const key = parsePublicKey(feed.value.key);
  if (!key.ok) return key;
  const verified = verifyDetached(document, signature, key.value);
  return verified.ok ? feed : verified;
}

/**
 * Whether a feed may take the place of what is known, null for one that is new to us: then its key is taken on trust,
 * and it is for the user to compare it. Fails with `untrusted` and the reason; what is known stays.
 */
export async function judgeFeed(
  signed: SignedFeed,
  known: KnownFeed | null,
  nowMs: number,
  slices: WorkSlices,
): Promise<Result<Feed>> {
  const read = await readSigned(signed, slices);
  if (!read.ok) return read;
  const feed = read.value;
  const trusted = known === null ? ok(undefined) : succeeds(feed, signed, known);
  if (!trusted.ok) return trusted;
  const timely = isTimely(feed, nowMs);
  return timely.ok ? read : timely;
}

function succeeds(feed: Feed, { document }: SignedFeed, known: KnownFeed): Result<void> {
  const { feedId, serial, rotations = [] } = feed;
  if (feedId !== known.feedId) {
    return err('untrusted', `it is another feed: '${feedId}', where '${known.feedId}' was expected`, {
      words: ['feed-other'],
    });
  }
  const followed = followRotations({ feedId, serial, rotations }, known.key, feed.key);
  if (!followed.ok) return followed;
  if (serial < known.serial) {
    return err('untrusted', `it is an old one: serial ${serial}, where ${known.serial} was seen already`, {
      words: ['feed-old', String(serial), String(known.serial)],
    });
  }
  const same = known.document === null || Buffer.from(known.document).equals(document);
  if (serial === known.serial && !same) {
    return err('untrusted', `it has serial ${serial} like the one before, but another content`, {
      words: ['feed-other'],
    });
  }
  return ok(undefined);
}

/** Refuses what is out of date, which somebody may be holding back newer ones with. */
function isTimely({ issued, expires }: Feed, nowMs: number): Result<void> {
  if (isExpired(Date.parse(expires), nowMs)) {
    const date = expires.slice(0, 10);
    return err('untrusted', `it expired on ${date}, and no newer one is there`, {
      words: ['feed-expired', date],
    });
  }
  if (Date.parse(issued) > nowMs + CLOCK_TOLERANCE_MS) {
    return err(
      'untrusted',
      `it was issued on ${issued.slice(0, 10)}, in the future: is this computer's clock right?`,
      { words: ['feed-from-future', issued.slice(0, 10)] },
    );
  }
  return ok(undefined);
}

export function isExpired(expiresMs: number, nowMs: number): boolean {
  return expiresMs + CLOCK_TOLERANCE_MS < nowMs;
}
