import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Clock } from '../../shared/clock.ts';
import { systemClock } from '../../shared/clock.ts';
import type { FeedDocument } from '../../shared/feed.ts';
import { unwrap } from '../../shared/result.ts';
import { aFeed, anEntry, DAY_MS, newKey, NOW_MS, passOn, publish } from '../../test/support/feeds.ts';
import { serve } from '../../test/support/served.ts';
import { SimulatedClock } from '../../test/support/simulated-clock.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { Catalog } from '../catalog/catalog.ts';
import type { Answered } from '../serve/answer.ts';
import { LocalFeedReader, type FeedReader } from './feed-reader.ts';
import { FeedService } from './feed-service.ts';
import { fingerprintOf } from './signature/public-key.ts';

const HOUR_MS = 60 * 60 * 1000;
const UNTRUSTED = { failure: { code: 'untrusted' } };

/** Ten times as fast: what is refused is asked for again two seconds later. */
const hastyClock: Clock = {
  now: () => systemClock.now() * 10,
  after: (delayMs, callback) => systemClock.after(delayMs / 10, callback),
};

interface Setting {
  clock?: Clock;
  metered?: boolean;
}

/** A publisher with a folder on a server, and somebody who reads feeds. */
async function setUp({ clock = hastyClock, metered = false }: Setting = {}) {
  const folder = tempFolder();
  const published = path.join(folder, 'published');
  const key = newKey();
  publish(published, aFeed(key), key);
  const requests: Answered[] = [];
  const server = await serve(published, { onRequest: (answered) => requests.push(answered) });
  const notices: string[] = [];
  const world = { nowMs: NOW_MS, metered, changes: 0 };
  const open = async (reader: FeedReader = new LocalFeedReader(clock)) => {
    const catalog = unwrap(Catalog.open(path.join(folder, 'catalog.db'), { nowMs: () => world.nowMs }));
    const feeds = new FeedService({
      catalog,
      clock,
      reader,
      nowMs: () => world.nowMs,
      metered: () => world.metered,
      changed: () => world.changes++,
      notice: ({ text }) => notices.push(text),
      warn: (text) => notices.push(text),
    });
    unwrap(feeds.open());
    if (reader instanceof LocalFeedReader) unwrap(await feeds.whenRead());
    let over = false;
    const close = async () => {
      if (over) return;
      over = true;
      await feeds.close();
      unwrap(catalog.close());
    };
    onTestFinished(close);
    return { catalog, feeds, close };
  };
  return {
    ...(await open()),
    open,
    folder: published,
    key,
    server,
    requests,
    notices,
    world,
    url: `${server.url}feed.json`,
    issue: (different: Partial<FeedDocument>, by = key) =>
      publish(published, aFeed(by, { serial: 8, ...different }), by),
  };
}

const subscribed = async (setting: Setting = {}) => {
  const everything = await setUp(setting);
  const { feeds, url, key } = everything;
  const { id } = unwrap(await feeds.add({ location: url, key: key.publicText }));
  return { ...everything, id, view: async () => unwrap(await feeds.list()).find((feed) => feed.id === id) };
};

const idsOf = (feeds: FeedService) =>
  feeds.subscriptions.flatMap(
    ({ listing }) => listing?.appliances.map(({ description }) => description.id) ?? [],
  );

describe('a feed somebody wants to subscribe to', () => {
  it('is shown with the fingerprint of its key before anything is stored', async () => {
    const { feeds, url, key } = await setUp();
    expect(await feeds.look({ location: url })).toMatchObject({
      value: {
        kind: 'signed',
        name: 'Example appliances',
        key: key.publicText,
        fingerprint: fingerprintOf(key.publicText),
        appliances: 1,
        known: false,
      },
    });
    expect(unwrap(await feeds.list())).toEqual([]);
  });

  it('is found in a folder of a server, and in a file', async () => {
    const { feeds, server, folder } = await setUp();
    expect(await feeds.look({ location: server.url })).toMatchObject({
      value: { location: `${server.url}feed.json` },
    });
    expect(await feeds.look({ location: path.join(folder, 'feed.json') })).toMatchObject({ ok: true });
    expect(await feeds.look({ location: `${folder}/` })).toMatchObject({ ok: true });
  });

  it('is not taken when its key is not the one that was shown', async () => {
    const { feeds, url } = await setUp();
    expect(await feeds.add({ location: url, key: newKey().publicText })).toMatchObject(UNTRUSTED);
    expect(await feeds.add({ location: url, key: null })).toMatchObject(UNTRUSTED);
    expect(unwrap(await feeds.list())).toEqual([]);
  });

  it('is not taken twice', async () => {
    const { feeds, url, key, folder } = await subscribed();
    const again = { failure: { code: 'already-exists' } };
    expect(await feeds.add({ location: url, key: key.publicText })).toMatchObject(again);
    const elsewhere = path.join(folder, 'feed.json');
    expect(await feeds.add({ location: elsewhere, key: key.publicText })).toMatchObject(again);
    expect(await feeds.look({ location: elsewhere })).toMatchObject({ value: { known: true } });
  });

  it.each([
    ['nothing', 'gone/feed.json', 'source-refused'],
    ['another scheme', 'ftp://example.org/feed.json', 'invalid-argument'],
  ])('is not there: %s', async (_what, location, code) => {
    const { feeds, server } = await setUp();
    const place = location.includes(':') ? location : server.url + location;
    expect(await feeds.look({ location: place })).toMatchObject({ failure: { code } });
  });

  it('is refused without its signature', async () => {
    const { feeds, url, folder } = await setUp();
    fs.rmSync(path.join(folder, 'feed.json.minisig'));
    expect(await feeds.look({ location: url })).toMatchObject({ failure: { code: 'source-refused' } });
  });

  it('is waited for when its signature is put in place a moment later', async () => {
    const clock = new SimulatedClock();
    const { feeds, url, folder, key, requests } = await setUp({ clock });
    const old = fs.readFileSync(path.join(folder, 'feed.json.minisig'));
    publish(folder, aFeed(key, { serial: 8 }), key);
    const late = fs.readFileSync(path.join(folder, 'feed.json.minisig'));
    fs.writeFileSync(path.join(folder, 'feed.json.minisig'), old);
    const look = feeds.look({ location: url });
    await expect.poll(() => requests.length).toBe(2);
    fs.writeFileSync(path.join(folder, 'feed.json.minisig'), late);
    let answer: unknown;
    void look.then((value) => (answer = value));
    await expect
      .poll(async () => {
        await clock.advance(500);
        return answer;
      })
      .toMatchObject({ value: { serial: 8 } });
  });
});

describe('a subscription', () => {
  it('is there after a restart, without any network', async () => {
    const { close, open, server } = await subscribed();
    await close();
    await server.drop();
    const { feeds } = await open();
    expect(idsOf(feeds)).toEqual(['tiny']);
    expect(unwrap(await feeds.list())).toMatchObject([{ state: 'current', appliances: 1 }]);
  });

  it('takes over what is newer', async () => {
    const { feeds, id, issue, view } = await subscribed();
    issue({ name: 'New', appliances: [anEntry({ id: 'one' }), anEntry({ id: 'two' })] });
    unwrap(await feeds.refresh({ id }));
    expect(await view()).toMatchObject({ name: 'New', serial: 8, state: 'current', failure: null });
    expect(idsOf(feeds)).toEqual(['one', 'two']);
  });

  it('asks only whether there is something newer while there is not', async () => {
    const { feeds, id, requests, view, world } = await subscribed();
    requests.length = 0;
    world.nowMs += HOUR_MS;
    unwrap(await feeds.refresh({ id }));
    expect(requests.map(({ status }) => status)).toEqual([304]);
    expect(await view()).toMatchObject({ checkedMs: world.nowMs });
  });

  it.each<[string, Partial<FeedDocument>]>([
    ['rolled back', { serial: 6 }],
    ['another content with the same serial', { serial: 7, name: 'Other' }],
    ['expired', { expires: new Date(NOW_MS - 2 * DAY_MS).toISOString(), issued: '2020-01-01T00:00:00Z' }],
    ['another feed', { feedId: 'org.example.other' }],
  ])(
    'keeps its last good copy when what comes is %s',
    async (_what, different) => {
      const { feeds, id, issue, view, notices } = await subscribed();
      issue({ appliances: [], ...different });
      expect(await feeds.refresh({ id })).toMatchObject(UNTRUSTED);
      expect(await view()).toMatchObject({ serial: 7, state: 'stale', failure: { code: 'untrusted' } });
      expect(idsOf(feeds)).toEqual(['tiny']);
      expect(notices).toHaveLength(1);
      expect(await feeds.refresh({ id })).toMatchObject(UNTRUSTED);
      expect(notices).toHaveLength(1);
    },
    30_000,
  );

  it('keeps its last good copy when nothing comes, and is current again when something does', async () => {
    const { feeds, id, server, view, close, open } = await subscribed();
    await server.drop();
    expect(await feeds.refresh({ id })).toMatchObject({ failure: { code: 'source-unreachable' } });
    expect(await view()).toMatchObject({ state: 'stale', failure: { code: 'source-unreachable' } });
    await close();
    const { feeds: next } = await open();
    expect(unwrap(await next.list())).toMatchObject([{ state: 'stale' }]);
    unwrap(await server.restore());
    unwrap(await next.refresh({ id }));
    expect(unwrap(await next.list())).toMatchObject([{ state: 'current', failure: null }]);
  });

  it('shows when it has expired, and still lists what it listed', async () => {
    const { feeds, world, view } = await subscribed();
    world.nowMs += 31 * DAY_MS + 1;
    expect(await view()).toMatchObject({ state: 'expired' });
    expect(idsOf(feeds)).toEqual(['tiny']);
  });

  it('follows a key that was passed on, says so, and does not follow it back', async () => {
    const { feeds, id, issue, key, view, notices } = await subscribed();
    const next = newKey();
    issue({ rotations: [passOn(key, next, 8)] }, next);
    unwrap(await feeds.refresh({ id }));
    expect(await view()).toMatchObject({ key: next.publicText });
    expect(notices).toEqual([expect.stringContaining(fingerprintOf(next.publicText))]);
    issue({ serial: 9 }, key);
    expect(await feeds.refresh({ id })).toMatchObject(UNTRUSTED);
  });

  it('has its key over restarts: another one is refused then, too', async () => {
    const { close, open, id, issue } = await subscribed();
    await close();
    issue({}, newKey());
    const { feeds } = await open();
    expect(await feeds.refresh({ id })).toMatchObject(UNTRUSTED);
  });

  it('whose copy was damaged is fetched again, with its key and serial as before', async () => {
    const { catalog, close, open, id, issue, notices } = await subscribed();
    unwrap(
      catalog.change(({ feeds }) => {
        const row = feeds.find(id);
        if (row)
          feeds.put(row, { document: new Uint8Array(Buffer.from('{}')), packing: 'deflate', signature: 'x' });
      }),
    );
    await close();
    issue({ serial: 6 });
    const { feeds } = await open();
    expect(notices).toEqual([expect.stringContaining('is lost')]);
    expect(idsOf(feeds)).toEqual([]);
    expect(await feeds.refresh({ id })).toMatchObject(UNTRUSTED);
    issue({ serial: 7 });
    unwrap(await feeds.refresh({ id }));
    expect(idsOf(feeds)).toEqual(['tiny']);
  });

  it('is gone when it was removed, also when it was being refreshed', async () => {
    const { feeds, id, server } = await subscribed();
    server.pause();
    const refresh = feeds.refresh({ id });
    unwrap(await feeds.remove({ id }));
    server.resume();
    expect(await refresh).toMatchObject({ failure: { code: 'not-found' } });
    expect(unwrap(await feeds.list())).toEqual([]);
    expect(await feeds.remove({ id })).toMatchObject({ failure: { code: 'not-found' } });
    expect(await feeds.refresh({ id })).toMatchObject({ failure: { code: 'not-found' } });
  });

  it('keeps what is fetched when it is added anew, not what a refresh of before brings', async () => {
    const { id, issue, url: location, key, open, close } = await subscribed();
    await close();
    const reader = new LocalFeedReader(hastyClock);
    const held: (() => void)[] = [];
    const { feeds } = await open({
      read: (kept) => reader.read(kept),
      judge: async (wish) => {
        const judged = await reader.judge(wish, new AbortController().signal);
        if (wish.known !== null) await new Promise<void>((resolve) => held.push(resolve));
        return judged;
      },
    });
    unwrap(await feeds.whenRead());
    issue({ serial: 9, name: 'Begun before' });
    const refresh = feeds.refresh({ id });
    await vi.waitUntil(() => held.length > 0);
    unwrap(await feeds.remove({ id }));
    issue({ serial: 10, name: 'Added anew' });
    expect(unwrap(await feeds.add({ location, key: key.publicText })).id).toBe(id);
    for (const goOn of held) goOn();
    expect(await refresh).toMatchObject({ failure: { code: 'not-found' } });
    expect(unwrap(await feeds.list())).toMatchObject([{ id, name: 'Added anew', serial: 10 }]);
  });

  it('has the same id when it is made again, so that appliances of before are found', async () => {
    const { feeds, id, url, key } = await subscribed();
    unwrap(await feeds.remove({ id }));
    expect(await feeds.add({ location: url, key: key.publicText })).toMatchObject({ value: { id } });
  });

  it('ends at once when the app does, whatever is being fetched', async () => {
    const { feeds, id, server, close } = await subscribed();
    server.pause();
    const refresh = feeds.refresh({ id });
    await close();
    expect(await refresh).toMatchObject({ failure: { code: 'cancelled' } });
  });
});

describe('the copies of feeds', () => {
  /** Somebody who subscribed to three feeds, at the next start of the program, whose reading a test holds up. */
  async function nextStart() {
    const before = await setUp();
    for (let number = 0; number < 3; number++) {
      const key = newKey();
      const location = publish(tempFolder(), aFeed(key), key);
      unwrap(await before.feeds.add({ location, key: key.publicText }));
    }
    await before.close();
    const held: (() => void)[] = [];
    const reader = new LocalFeedReader(hastyClock);
    const reading: FeedReader = {
      judge: (wish, signal) => reader.judge(wish, signal),
      read: async (kept) => {
        await new Promise<void>((resolve) => held.push(resolve));
        return reader.read(kept);
      },
    };
    return { ...(await before.open(reading)), held };
  }

  it('are read behind the opening, two at a time; what is asked of them waits until all are', async () => {
    const { feeds, held } = await nextStart();
    expect(feeds.subscriptions.map(({ listing }) => listing)).toEqual([null, null, null]);
    const order: string[] = [];
    const listed = feeds.list().then((views) => {
      order.push('listed');
      return unwrap(views);
    });
    for (const number of [1, 2, 3]) {
      await vi.waitUntil(() => held.length > 0);
      expect(held.length).toBeLessThanOrEqual(2);
      order.push(`read ${number}`);
      held.shift()?.();
    }
    expect((await listed).map(({ appliances }) => appliances)).toEqual([1, 1, 1]);
    expect(order).toEqual(['read 1', 'read 2', 'read 3', 'listed']);
  });

  it('that nobody waits for any more are not read', async () => {
    const { feeds, held, close } = await nextStart();
    const refresh = feeds.refresh({ id: feeds.subscriptions[0]?.row.id ?? '' });
    await vi.waitUntil(() => held.length === 2);
    const closed = close();
    for (const go of held.splice(0)) go();
    await closed;
    expect(held).toEqual([]);
    expect(await refresh).toMatchObject({ failure: { code: 'cancelled' } });
    expect(await feeds.whenRead()).toMatchObject({ failure: { code: 'cancelled' } });
  });

  it('of a feed that is removed meanwhile do not bring it back', async () => {
    const { feeds, held } = await nextStart();
    const [first] = feeds.subscriptions;
    unwrap(await feeds.remove({ id: first?.row.id ?? '' }));
    for (let number = 0; number < 3; number++) {
      await vi.waitUntil(() => held.length > 0);
      held.shift()?.();
    }
    expect(unwrap(await feeds.list())).toHaveLength(2);
  });

  it('of a feed that is removed and added anew meanwhile do not replace what was fetched', async () => {
    const { feeds, held } = await nextStart();
    const { id, location, publicKey: key } = feeds.subscriptions[0]?.row ?? expect.unreachable();
    await vi.waitUntil(() => held.length === 2);
    unwrap(await feeds.remove({ id }));
    expect(unwrap(await feeds.add({ location, key })).id).toBe(id);
    const listing = () => feeds.subscriptions.find(({ row }) => row.id === id)?.listing;
    const fetched = listing();
    for (let number = 0; number < 3; number++) {
      await vi.waitUntil(() => held.length > 0);
      held.shift()?.();
    }
    unwrap(await feeds.whenRead());
    expect(fetched).toBeDefined();
    expect(listing()).toBe(fetched);
  });
});

describe('subscriptions', () => {
  it('to feeds of two publishers may list appliances of the same name', async () => {
    const { feeds } = await subscribed();
    const other = newKey();
    const location = publish(tempFolder(), aFeed(other), other);
    unwrap(await feeds.add({ location, key: other.publicText }));
    expect(idsOf(feeds)).toEqual(['tiny', 'tiny']);
    const [one, two] = feeds.subscriptions;
    expect(one?.row.id).not.toBe(two?.row.id);
  });

  it('are refreshed at the start, every four hours, and sooner after a failure', async () => {
    const clock = new SimulatedClock();
    const { feeds, server, requests, id } = await subscribed({ clock });
    const looks = () => requests.filter(({ path: asked }) => asked === '/feed.json').length;
    const passes = async (hours: number) => {
      await clock.advance(hours * HOUR_MS);
      await feeds.refresh({ id }).catch(() => undefined);
    };
    const before = looks();
    feeds.start();
    await clock.advance(0);
    await expect.poll(looks).toBe(before + 1);
    await expect.poll(async () => unwrap(await feeds.list())[0]?.refreshing).toBe(false);
    await clock.advance(3.9 * HOUR_MS);
    expect(looks()).toBe(before + 1);
    await clock.advance(0.1 * HOUR_MS);
    await expect.poll(looks).toBe(before + 2);
    await expect.poll(async () => unwrap(await feeds.list())[0]?.refreshing).toBe(false);
    await server.drop();
    await passes(0);
    await server.restore();
    await clock.advance(0.25 * HOUR_MS);
    await expect.poll(looks).toBe(before + 3);
  });

  it('are left alone on a metered line, unless the user asks', async () => {
    const clock = new SimulatedClock();
    const { feeds, id, requests, world, view } = await subscribed({ clock, metered: true });
    requests.length = 0;
    feeds.start();
    await clock.advance(10 * HOUR_MS);
    expect(requests).toEqual([]);
    expect(await view()).toMatchObject({ held: true });
    unwrap(await feeds.refresh({ id }));
    expect(requests).toHaveLength(1);
    world.metered = false;
    await clock.advance(4 * HOUR_MS);
    await expect.poll(() => requests.length).toBe(2);
  });
});
