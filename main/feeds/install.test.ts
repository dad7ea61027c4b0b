import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FeedDocument } from '../../shared/feed.ts';
import { unwrap } from '../../shared/result.ts';
import { MachineRoom, type BackEnd } from '../../test/support/machine-room.ts';
import { aFeed, anEntry, newKey, NOW_MS, publish } from '../../test/support/feeds.ts';

const NEWER = { ...anEntry().master, sha256: 'ee'.repeat(32) };

/** Somebody who has subscribed to a feed. */
async function subscriber(different: Partial<FeedDocument> = {}) {
  const room = new MachineRoom({ nowMs: () => NOW_MS });
  const key = newKey();
  const issue = (over: Partial<FeedDocument>) =>
    publish(path.join(room.folder, 'feed'), aFeed(key, over), key);
  const location = issue(different);
  const backEnd = await room.open();
  const { id: feedId } = unwrap(await backEnd.feeds.add({ location, key: key.publicText }));
  return { room, backEnd, feedId, applianceId: `${feedId}-tiny`, issue, key, location };
}

const viewOf = async ({ appliances }: BackEnd, id: string) =>
  unwrap(await appliances.list()).find((appliance) => appliance.id === id);
const mastersOf = ({ catalog }: BackEnd) =>
  unwrap(catalog.read(({ masters }) => masters.list())).filter(({ published }) => published !== null);
const allOf = ({ catalog }: BackEnd) =>
  unwrap(catalog.read(({ masters, disks }) => ({ masters: masters.list(), disks: disks.list() })));
const create = (
  backEnd: BackEnd,
  applianceId: string,
  { name, kind = 'standalone' }: { name?: string; kind?: 'standalone' | 'linked' } = {},
) =>
  backEnd.machines.create({
    applianceId,
    start: false,
    kind,
    ...(name !== undefined && { name }),
  });

// Its folder is not there, which nobody looks at before a guest reads.
const REMOTE = {
  appliances: [anEntry({ sources: ['https://example.org/master/'], recommended: true, tags: ['small'] })],
};

describe('an appliance of a feed', () => {
  it('is listed with what its feed says, and enters the catalog with the first machine', async () => {
    const { backEnd, feedId, applianceId } = await subscriber(REMOTE);
    expect(await viewOf(backEnd, applianceId)).toMatchObject({
      name: 'Tiny',
      publisher: 'Example',
      feed: { id: feedId, name: 'Example appliances', signed: true, state: 'current' },
      withdrawn: false,
      available: true,
      recommended: true,
      tags: ['small'],
    });
    expect(mastersOf(backEnd)).toEqual([]);
    unwrap(await create(backEnd, applianceId));
    expect(mastersOf(backEnd)).toMatchObject([
      {
        name: 'Tiny 1.0',
        location: 'https://example.org/master/disk.raw',
        source: 'http',
        published: { description: anEntry().master, sources: ['https://example.org/master/'] },
      },
    ]);
    expect(unwrap(await backEnd.appliances.list()).filter(({ id }) => id === applianceId)).toHaveLength(1);
  });

  it('can be entered without a machine, any number of times', async () => {
    const { backEnd, applianceId } = await subscriber(REMOTE);
    unwrap(await backEnd.appliances.install({ id: applianceId }));
    unwrap(await backEnd.appliances.install({ id: applianceId }));
    expect(mastersOf(backEnd)).toHaveLength(1);
    expect(await backEnd.appliances.install({ id: 'nonsense' })).toMatchObject({
      failure: { code: 'not-found' },
    });
  });

  it('in a folder of this computer is unavailable while the folder is not there', async () => {
    const { backEnd, applianceId } = await subscriber();
    unwrap(await backEnd.appliances.install({ id: applianceId }));
    expect(await viewOf(backEnd, applianceId)).toMatchObject({
      available: false,
      unavailableBecause: { code: 'not-found', message: expect.stringContaining('is missing') as string },
    });
  });

  it('in a newer version is what new machines get; older machines keep theirs until they need it no more', async () => {
    const { backEnd, applianceId, feedId, issue } = await subscriber(REMOTE);
    const { id } = unwrap(await create(backEnd, applianceId, { name: 'Old' }));
    const [entry] = REMOTE.appliances;
    issue({ serial: 8, appliances: [{ ...anEntry(entry), version: '2.0', master: NEWER }] });
    unwrap(await backEnd.feeds.refresh({ id: feedId }));
    expect(await viewOf(backEnd, applianceId)).toMatchObject({ version: '2.0' });
    expect(mastersOf(backEnd)).toHaveLength(1);
    unwrap(await create(backEnd, applianceId, { name: 'New' }));
    expect(
      mastersOf(backEnd)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['Tiny 1.0', 'Tiny 2.0']);
    unwrap(await backEnd.machines.remove({ id }));
    unwrap(await backEnd.appliances.install({ id: applianceId }));
    expect(mastersOf(backEnd).map(({ name }) => name)).toEqual(['Tiny 2.0']);
  });

  it('has its new sources, also for machines that are there already', async () => {
    const { backEnd, applianceId, feedId, issue } = await subscriber(REMOTE);
    unwrap(await create(backEnd, applianceId));
    const sources = ['https://mirror.example.org/master/', 'https://example.org/master/'];
    issue({ serial: 8, appliances: [anEntry({ sources })] });
    unwrap(await backEnd.feeds.refresh({ id: feedId }));
    expect(mastersOf(backEnd)).toMatchObject([
      { location: 'https://mirror.example.org/master/disk.raw', published: { sources } },
    ]);
  });

  it('that is not listed any more stays while a machine needs it, and says so', async () => {
    const { backEnd, applianceId, feedId, issue } = await subscriber(REMOTE);
    const { id } = unwrap(await create(backEnd, applianceId));
    issue({ serial: 8, appliances: [] });
    unwrap(await backEnd.feeds.refresh({ id: feedId }));
    expect(await viewOf(backEnd, applianceId)).toMatchObject({
      withdrawn: true,
      feed: null,
      available: true,
    });
    unwrap(await backEnd.machines.remove({ id }));
    expect(await viewOf(backEnd, applianceId)).toBeUndefined();
    expect(mastersOf(backEnd)).toEqual([]);
  });

  it('that is not listed any more goes with its last machine, with master and local copy, and what that frees is counted', async () => {
    const { backEnd, applianceId, feedId, issue } = await subscriber(REMOTE);
    const [first, last] = [
      unwrap(await create(backEnd, applianceId, { kind: 'linked' })),
      unwrap(await create(backEnd, applianceId, { kind: 'linked' })),
    ];
    issue({ serial: 8, appliances: [] });
    unwrap(await backEnd.feeds.refresh({ id: feedId }));
    unwrap(await backEnd.machines.remove({ id: first.id }));
    expect(allOf(backEnd).masters.map(({ role }) => role)).toContain('copy');
    const spaceBytes = (file: string) => fs.statSync(file).blocks * 512;
    const files = allOf(backEnd).disks.map((disk) => disk.path);
    const expected = files.reduce((sum, file) => sum + spaceBytes(file), 0);
    const { freedBytes } = unwrap(await backEnd.machines.remove({ id: last.id }));
    expect(freedBytes).toBe(expected);
    expect(await viewOf(backEnd, applianceId)).toBeUndefined();
    expect(allOf(backEnd)).toMatchObject({ masters: [{ source: 'recipe' }], disks: [] });
    expect(files.some((file) => fs.existsSync(file))).toBe(false);
  });

  it('that is listed again while a machine needs it belongs to its feed again', async () => {
    const { backEnd, applianceId, feedId, issue } = await subscriber(REMOTE);
    const { id } = unwrap(await create(backEnd, applianceId));
    issue({ serial: 8, appliances: [] });
    unwrap(await backEnd.feeds.refresh({ id: feedId }));
    issue({ serial: 9 });
    unwrap(await backEnd.feeds.refresh({ id: feedId }));
    expect(await viewOf(backEnd, applianceId)).toMatchObject({ withdrawn: false, feed: { id: feedId } });
    unwrap(await backEnd.machines.remove({ id }));
    expect(mastersOf(backEnd)).toHaveLength(1);
  });

  it('whose feed was removed stays while a machine needs it, and belongs to it again when it comes back', async () => {
    const { backEnd, applianceId, feedId, location, key } = await subscriber(REMOTE);
    unwrap(await create(backEnd, applianceId));
    unwrap(await backEnd.feeds.remove({ id: feedId }));
    expect(await viewOf(backEnd, applianceId)).toMatchObject({ withdrawn: true, feed: null });
    expect(mastersOf(backEnd)).toHaveLength(1);
    unwrap(await backEnd.feeds.add({ location, key: key.publicText }));
    expect(await viewOf(backEnd, applianceId)).toMatchObject({ withdrawn: false, feed: { id: feedId } });
    unwrap(await backEnd.appliances.install({ id: applianceId }));
    expect(mastersOf(backEnd)).toHaveLength(1);
  });

  it('goes with its feed when nothing needs it', async () => {
    const { backEnd, applianceId, feedId } = await subscriber(REMOTE);
    unwrap(await backEnd.appliances.install({ id: applianceId }));
    unwrap(await backEnd.feeds.remove({ id: feedId }));
    expect(await viewOf(backEnd, applianceId)).toBeUndefined();
    expect(mastersOf(backEnd)).toEqual([]);
  });

  it('can be used when its feed has expired, and shows it', async () => {
    const { backEnd, room, applianceId } = await subscriber(REMOTE);
    await backEnd.close();
    const later = await room.open({ nowMs: () => NOW_MS + 400 * 24 * 60 * 60 * 1000 });
    expect(await viewOf(later, applianceId)).toMatchObject({ available: true, feed: { state: 'expired' } });
    unwrap(await create(later, applianceId));
  });
});
