/** Feeds as a publisher makes them, for tests of those who read them. */
import fs from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../shared/clock.ts';
import { FEED_FILES, type FeedAppliance, type FeedDocument, type KeyRotation } from '../../shared/feed.ts';
import { unwrap } from '../../shared/result.ts';
import { rotationStatement } from '../../main/feeds/rotation.ts';
import { generateSecretKey, parseSecretKey, type SecretKey } from '../../main/feeds/signature/secret-key.ts';
import { signDetached } from '../../main/feeds/signature/signature.ts';
import type { SignedFeed } from '../../main/feeds/trust.ts';
import { WorkSlices } from '../../shared/work-slices.ts';

/** When all these feeds are issued and read. */
export const NOW_MS = Date.UTC(2026, 10, 25, 12);
export const DAY_MS = 24 * 60 * 60 * 1000;

export const slices = () => new WorkSlices(systemClock);

export const newKey = (): SecretKey => unwrap(parseSecretKey(generateSecretKey()));

export function anEntry(different: Partial<FeedAppliance> = {}): FeedAppliance {
  return {
    formatVersion: 1,
    id: 'tiny',
    name: 'Tiny',
    summary: 'Small.',
    publisher: 'Example',
    version: '1.0',
    arch: 'i386',
    licence: 'free',
    memoryMiB: 32,
    diskSizeBytes: 4096,
    master: {
      formatVersion: 1,
      sha256: 'ab'.repeat(32),
      lengthBytes: 4096,
      chunkBytes: 65_536,
      chunks: { sha256: 'cd'.repeat(32), lengthBytes: 128 },
    },
    sources: [`masters/${'ab'.repeat(32)}/`],
    ...different,
  };
}

export function aFeed(key: SecretKey, different: Partial<FeedDocument> = {}): FeedDocument {
  return {
    formatVersion: 1,
    feedId: 'org.example.appliances',
    name: 'Example appliances',
    serial: 7,
    issued: new Date(NOW_MS - DAY_MS).toISOString(),
    expires: new Date(NOW_MS + 30 * DAY_MS).toISOString(),
    key: key.publicText,
    appliances: [anEntry()],
    ...different,
  };
}

export function signed(feed: unknown, key: SecretKey): SignedFeed {
  const document = Buffer.from(JSON.stringify(feed, null, 2));
  return { document, signature: signDetached(document, key, 'a feed') };
}

/** The statement with which `from` passes the feed on. */
export function passOn(
  from: SecretKey,
  to: SecretKey,
  serial: number,
  feedId = 'org.example.appliances',
): KeyRotation {
  const statement = { from: from.publicText, to: to.publicText, serial };
  const signature = signDetached(rotationStatement(feedId, statement), from, 'a rotation');
  return { ...statement, signature };
}

/** Puts a feed and its signature into a folder. @returns the path of the feed */
export function publish(folder: string, feed: unknown, key: SecretKey): string {
  const { document, signature } = signed(feed, key);
  const file = path.join(folder, FEED_FILES.document);
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(file, document);
  fs.writeFileSync(path.join(folder, FEED_FILES.signature), signature);
  return file;
}
