import path from 'node:path';
import { FEED_FILES, FEED_LIMITS } from '../../../shared/feed.ts';
import { readSmallFile } from '../../block/small-file.ts';
import { parsePublicKey } from '../signature/public-key.ts';
import { verifyDetached } from '../signature/signature.ts';
import { readFeed } from './feed-folder.ts';
import type { LintRemark } from './lint-feed.ts';

/** Whether the feed of a folder is signed as it is now: before that its readers take nothing of it over. */
export function lintSignature(folder: string): LintRemark[] {
  const feed = readFeed(folder);
  const key = feed.ok ? parsePublicKey(feed.value.key) : feed;
  const document = readSmallFile(path.join(folder, FEED_FILES.document), {
    mostBytes: FEED_LIMITS.documentBytes,
  });
  // What is wrong with the document itself is for others to tell.
  if (!key.ok || !document.ok) return [];
  const signature = readSmallFile(path.join(folder, FEED_FILES.signature), {
    mostBytes: FEED_LIMITS.signatureBytes,
  });
  const signed = signature.ok
    ? verifyDetached(document.value, signature.value.toString(), key.value)
    : signature;
  if (signed.ok) return [];
  return [{ level: 'warning', text: `${FEED_FILES.signature}: ${signed.failure.message}; sign it` }];
}
