import path from 'node:path';
import { FEED_FILES, FEED_LIMITS, feedSchema, type FeedDocument } from '../../../shared/feed.ts';
import { because, err, ok, type Result } from '../../../shared/result.ts';
import { readSmallFile } from '../../block/small-file.ts';
import { writeWhole } from '../../block/whole-file.ts';
import { parseDocument } from '../document.ts';
import { rotationStatement } from '../rotation.ts';
import type { SecretKey } from '../signature/secret-key.ts';
import { signDetached } from '../signature/signature.ts';

/** A feed at its publisher's: a folder to be served, with `feed.json` and its signature. */
export function readFeed(folder: string): Result<FeedDocument> {
  const file = path.join(folder, FEED_FILES.document);
  const content = readSmallFile(file, { mostBytes: FEED_LIMITS.documentBytes });
  if (!content.ok) return content;
  const parsed = parseDocument(content.value, feedSchema, 'a feed');
  return parsed.ok ? parsed : because(`'${file}'`, parsed);
}

/** Stores a feed that is not signed yet: readers go on with what they have until it is. */
export async function writeFeed(folder: string, feed: FeedDocument): Promise<Result<void>> {
  return writeWhole(path.join(folder, FEED_FILES.document), bytesOf(feed));
}

export interface Issue {
  readonly serial: number;
  /** Moments in UTC, as in `2026-11-25T12:00:00Z`. */
  readonly issued: string;
  readonly expires: string;
}

/**
 * Signs a feed as a new issue. The same feed, key and issue give the same bytes.
 * @param old the key of before, where this issue is the first with a new one: its holder passes the feed on
 */
export async function signFeed(
  folder: string,
  feed: FeedDocument,
  key: SecretKey,
  issue: Issue,
  old: SecretKey | null = null,
): Promise<Result<FeedDocument>> {
  if (feed.key !== (old ?? key).publicText) {
    return err(
      'invalid-argument',
      `the feed in '${folder}' has the key ${feed.key}, which this is not; to change it, give the old one as well`,
    );
  }
  const rotations = [
    ...(feed.rotations ?? []),
    ...(old === null ? [] : [passOn(feed.feedId, old, key, issue)]),
  ];
  const next = feedSchema.safeParse({
    ...feed,
    ...issue,
    key: key.publicText,
    ...(rotations.length > 0 && { rotations }),
  });
  if (!next.success) {
    const [problem] = next.error.issues;
    return err('invalid-argument', `the feed cannot be issued like this: ${problem?.message ?? ''}`);
  }
  const document = bytesOf(next.data);
  const signature = signDetached(document, key, `feed ${feed.feedId} serial ${issue.serial}`);
  const written = await writeWhole(path.join(folder, FEED_FILES.document), document);
  if (!written.ok) return written;
  const signed = await writeWhole(path.join(folder, FEED_FILES.signature), signature);
  return signed.ok ? ok(next.data) : signed;
}

function passOn(feedId: string, old: SecretKey, next: SecretKey, { serial }: Issue) {
  const statement = { from: old.publicText, to: next.publicText, serial };
  const content = rotationStatement(feedId, statement);
  return { ...statement, signature: signDetached(content, old, `key of feed ${feedId} passed on`) };
}

/** Members in the order of the schema, whatever order they were written in. */
function bytesOf(feed: FeedDocument): Buffer {
  return Buffer.from(`${JSON.stringify(feedSchema.parse(feed), null, 2)}\n`);
}
