import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import type { FeedAppliance } from '../../../shared/feed.ts';
import { unwrap, type Result } from '../../../shared/result.ts';
import { aFeed, anEntry, newKey, NOW_MS, publish } from '../../../test/support/feeds.ts';
import { serve } from '../../../test/support/served.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { LocalFeedReader, type JudgedFeed } from '../feed-reader.ts';
import { PART } from './feed-calls.ts';
import { threadFeedReader } from './feed-thread.ts';

const here = new LocalFeedReader(systemClock);
const { signal } = new AbortController();

/** A feed in a folder, and the wish to have it. */
function published(appliances: FeedAppliance[]) {
  const key = newKey();
  const location = publish(tempFolder(), aFeed(key, { appliances }), key);
  return { kind: 'signed', location, known: null, etag: null, nowMs: NOW_MS } as const;
}

function wholeOf(judged: Result<JudgedFeed>) {
  const value = unwrap(judged);
  if (value.kind !== 'whole') throw new Error('nothing was known of it');
  return value;
}

const many = Array.from({ length: PART + 1 }, (_, number) => anEntry({ id: `a-${number}` }));

describe('a feed that is read in a thread', () => {
  it.each([
    ['nothing', []],
    ['more than crosses at a time', many],
  ])('that lists %s is what it is when it is read without one', async (_, appliances) => {
    const wish = published(appliances);
    const [there, plain] = [await threadFeedReader.judge(wish, signal), await here.judge(wish, signal)];
    const [judged, expected] = [wholeOf(there), wholeOf(plain)];
    expect(judged.listing).toEqual(expected.listing);
    expect(Buffer.from(judged.copy.document).equals(expected.copy.document)).toBe(true);
    const kept = { ...wish, copy: judged.copy };
    expect(unwrap(await threadFeedReader.read(kept))).toEqual(expected.listing);
  });

  it('is refused for the same reasons', async () => {
    const late = { ...published([]), nowMs: NOW_MS + 365 * 24 * 60 * 60 * 1000 };
    const refused = await threadFeedReader.judge(late, signal);
    expect(refused).toMatchObject({ failure: { code: 'untrusted' } });
    expect(refused).toEqual(await here.judge(late, signal));
  });

  it('is given up when it is not wanted any more, though its server says nothing', async () => {
    const wish = published([]);
    const server = await serve(path.dirname(wish.location));
    server.pause();
    const abort = new AbortController();
    const judged = threadFeedReader.judge({ ...wish, location: `${server.url}feed.json` }, abort.signal);
    abort.abort();
    expect((await judged).ok).toBe(false);
  });
});
