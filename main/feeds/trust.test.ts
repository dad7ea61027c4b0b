import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FeedDocument } from '../../shared/feed.ts';
import { unwrap } from '../../shared/result.ts';
import { aFeed, anEntry, DAY_MS, newKey, NOW_MS, passOn, signed, slices } from '../../test/support/feeds.ts';
import type { SecretKey } from './signature/secret-key.ts';
import { judgeFeed, type KnownFeed, type SignedFeed } from './trust.ts';

const KEY = newKey();
const FEED = aFeed(KEY);
const KNOWN: KnownFeed = {
  feedId: FEED.feedId,
  key: KEY.publicText,
  serial: FEED.serial,
  document: signed(FEED, KEY).document,
};
const UNTRUSTED = { failure: { code: 'untrusted' } };

const judge = (offered: SignedFeed, known: KnownFeed | null = KNOWN, nowMs = NOW_MS) =>
  judgeFeed(offered, known, nowMs, slices());
const offer = (different: Partial<FeedDocument>, key: SecretKey = KEY) =>
  signed({ ...FEED, serial: 8, ...different }, key);

/** Every place in a JSON value, as paths of keys. */
function placesOf(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (Array.isArray(value))
    return [path, ...value.flatMap((item, index) => placesOf(item, [...path, index]))];
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, item]) => placesOf(item, [...path, key]))];
}

/** The JSON value with something else at one of its places. */
function withOther(value: unknown, [key, ...rest]: readonly (string | number)[], other: unknown): unknown {
  if (key === undefined) return other;
  const copy: Record<string | number, unknown> | unknown[] = Array.isArray(value)
    ? [...(value as unknown[])]
    : { ...(value as object) };
  const holder = copy as Record<string | number, unknown>;
  holder[key] = withOther(holder[key], rest, other);
  return copy;
}

describe('a feed that is new to us', () => {
  it('is taken on trust when it is signed with the key it names', async () => {
    expect(await judge(signed(FEED, KEY), null)).toMatchObject({ value: { serial: 7, key: KEY.publicText } });
  });

  it('is refused when it is signed with another key than it names', async () => {
    expect(await judge(signed(FEED, newKey()), null)).toMatchObject(UNTRUSTED);
  });

  it('is refused when it has expired', async () => {
    expect(await judge(signed(FEED, KEY), null, NOW_MS + 32 * DAY_MS)).toMatchObject(UNTRUSTED);
  });
});

describe('a feed that is known', () => {
  it('is followed to a higher serial', async () => {
    expect(await judge(offer({}))).toMatchObject({ ok: true, value: { serial: 8 } });
  });

  it('may be fetched again', async () => {
    expect(await judge(signed(FEED, KEY))).toMatchObject({ ok: true });
  });

  it('is not believed when anything in it was changed after it was signed', async () => {
    const original = offer({});
    const places = placesOf(JSON.parse(Buffer.from(original.document).toString()));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), fc.jsonValue(), async (place, other) => {
        const changed = withOther({ ...FEED, serial: 8 }, place, other);
        const document = Buffer.from(JSON.stringify(changed, null, 2));
        fc.pre(!document.equals(original.document));
        expect(await judge({ ...original, document })).toMatchObject({ ok: false });
      }),
    );
  });

  it('is not believed when its bytes say the same in other words', async () => {
    const original = offer({});
    const document = Buffer.concat([original.document, Buffer.from(' ')]);
    expect(await judge({ ...original, document })).toMatchObject(UNTRUSTED);
  });

  it('is not believed with the signature of another issue', async () => {
    expect(await judge({ ...offer({}), signature: signed(FEED, KEY).signature })).toMatchObject(UNTRUSTED);
  });

  it('is not rolled back to an older serial', async () => {
    expect(await judge(offer({ serial: 6 }))).toMatchObject(UNTRUSTED);
  });

  it('is refused with the same serial and another content', async () => {
    expect(await judge(offer({ serial: 7, name: 'Other' }))).toMatchObject(UNTRUSTED);
  });

  it('is refused when it expired, up to a day late for clocks that are wrong', async () => {
    const offered = offer({ expires: new Date(NOW_MS).toISOString() });
    expect(await judge(offered, KNOWN, NOW_MS + DAY_MS)).toMatchObject({ ok: true });
    expect(await judge(offered, KNOWN, NOW_MS + DAY_MS + 1)).toMatchObject(UNTRUSTED);
  });

  it('is refused when it was issued in the future, by more than clocks may be wrong', async () => {
    const offered = offer({ issued: new Date(NOW_MS + DAY_MS).toISOString() });
    expect(await judge(offered)).toMatchObject({ ok: true });
    expect(await judge(offered, KNOWN, NOW_MS - 1)).toMatchObject(UNTRUSTED);
  });

  it('cannot be replaced by another feed of the same publisher', async () => {
    expect(await judge(offer({ feedId: 'org.example.other' }))).toMatchObject(UNTRUSTED);
  });
});

describe('a feed with another key than before', () => {
  const next = newKey();
  const third = newKey();
  const stranger = newKey();

  it('is refused when nobody passed the key on', async () => {
    expect(await judge(offer({ key: next.publicText }, next))).toMatchObject(UNTRUSTED);
  });

  it('is followed when the holder of the old key says so', async () => {
    const offered = offer({ key: next.publicText, rotations: [passOn(KEY, next, 8)] }, next);
    expect(await judge(offered)).toMatchObject({ value: { key: next.publicText } });
  });

  it('is followed over several keys at once', async () => {
    const rotations = [passOn(KEY, next, 8), passOn(next, third, 9)];
    const offered = offer({ serial: 9, key: third.publicText, rotations }, third);
    expect(await judge(offered)).toMatchObject({ value: { key: third.publicText } });
  });

  it.each([
    [
      'somebody else signed the statement',
      { ...passOn(KEY, next, 8), signature: passOn(stranger, next, 8).signature },
    ],
    ['the statement was made for another key', { ...passOn(KEY, stranger, 8), to: next.publicText }],
    ['the statement was made for another feed', passOn(KEY, next, 8, 'org.example.other')],
    ['the statement was made for another serial', { ...passOn(KEY, next, 9), serial: 8 }],
    ['the new key counts from a later serial on', passOn(KEY, next, 9)],
    ['the statement is of another key than the one that is known', passOn(stranger, next, 8)],
  ])('is refused when %s', async (_why, rotation) => {
    const offered = offer({ key: next.publicText, rotations: [rotation] }, next);
    expect(await judge(offered)).toMatchObject(UNTRUSTED);
  });

  it('is not followed back: the old key is worth nothing once it was passed on', async () => {
    const after: KnownFeed = { ...KNOWN, key: next.publicText, serial: 8 };
    expect(await judge(offer({ serial: 9 }, KEY), after)).toMatchObject(UNTRUSTED);
    const replay = offer({ serial: 9, rotations: [passOn(KEY, next, 8)] }, KEY);
    expect(await judge(replay, after)).toMatchObject(UNTRUSTED);
  });

  it('is refused, and not for ever followed, when statements lead round in circles', async () => {
    const rotations = [passOn(KEY, next, 8), passOn(next, KEY, 8)];
    const offered = offer({ key: third.publicText, rotations }, third);
    expect(await judge(offered)).toMatchObject(UNTRUSTED);
  });

  it('still needs its own signature', async () => {
    const offered = offer({ key: next.publicText, rotations: [passOn(KEY, next, 8)] }, KEY);
    expect(await judge(offered)).toMatchObject(UNTRUSTED);
  });
});

describe('a feed’s document', () => {
  const read = (feed: unknown) => judge(signed(feed, KEY), null);

  it('may have fields that are not known', async () => {
    const feed = { ...FEED, motto: 'new', appliances: [{ ...anEntry(), mood: 'good' }] };
    expect(unwrap(await read(feed)).appliances).toEqual([anEntry()]);
  });

  it('loses the entries only that are written for a newer Headwater', async () => {
    const feed = { ...FEED, appliances: [{ ...anEntry({ id: 'new' }), arch: 'riscv64' }, anEntry()] };
    expect(unwrap(await read(feed))).toMatchObject({ appliances: [{ id: 'tiny' }], unreadable: 1 });
  });

  it('of a later version of the format is told from a broken one', async () => {
    expect(await read({ ...FEED, formatVersion: 2 })).toMatchObject({ failure: { code: 'unsupported' } });
  });

  it.each([
    ['a name of several lines', { name: 'a\nb' }, 'name'],
    ['a name that moves the cursor', { name: '\u001b[2J' }, 'name'],
    ['a name that is written backwards', { name: 'a\u202eb' }, 'name'],
    ['a name with what cannot be seen', { name: 'a\u200bb' }, 'name'],
    ['a name with hidden tags', { name: 'a\u{e0041}b' }, 'name'],
    ['a serial that is no number', { serial: '8' }, 'serial'],
    ['a fraction of a serial', { serial: 1.5 }, 'serial'],
    ['a serial beyond what is exact', { serial: 2 ** 53 }, 'serial'],
    ['an end before the beginning', { expires: '2020-01-01T00:00:00Z' }, 'expires'],
    ['a day that does not exist', { issued: '2026-02-30T00:00:00Z' }, 'issued'],
    ['a moment without a time zone', { issued: '2026-01-01T00:00:00' }, 'issued'],
    ['a homepage that is a program', { homepage: 'javascript:alert(1)' }, 'homepage'],
    ['too many appliances', { appliances: Array.from({ length: 4001 }, () => 0) }, 'appliances'],
  ])('is refused with %s, naming the field', async (_what, different, field) => {
    const judged = await read({ ...FEED, ...different });
    expect(judged).toMatchObject({ failure: { code: 'malformed' } });
    expect(judged).toMatchObject({
      failure: { message: expect.stringContaining(`field ${field}`) as string },
    });
  });

  it.each([
    ['a source that leaves the web', { sources: ['file:///etc/passwd'] }],
    ['an absolute path as a source', { sources: ['/etc/passwd'] }],
    ['no source', { sources: [] }],
    ['an icon from the network', { icon: 'https://example.org/icon.png' }],
    ['an icon that is huge', { icon: `data:image/png;base64,${'A'.repeat(20_000)}` }],
    ['a master of another length', { diskSizeBytes: 512 }],
    ['an id that names a folder', { id: '../x' }],
  ])('loses an entry with %s', async (_what, different) => {
    const feed = { ...FEED, appliances: [{ ...anEntry(), ...different }] };
    expect(unwrap(await read(feed))).toMatchObject({ appliances: [], unreadable: 1 });
  });

  it('is refused when it lists an appliance twice', async () => {
    expect(await read({ ...FEED, appliances: [anEntry(), anEntry()] })).toMatchObject({
      failure: { code: 'malformed' },
    });
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('<html>')],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['a list', Buffer.from('[]')],
    ['a very deep nest', Buffer.from('['.repeat(1_000_000))],
    ['four megabytes and a bit', Buffer.alloc(4 * 1024 * 1024 + 1, 0x20)],
  ])('is told from %s', async (_what, document) => {
    expect(await judge({ document, signature: '' }, null)).toMatchObject({ failure: { code: 'malformed' } });
  });
});
