import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { bootProfileOf } from '../../shared/boot-profile.ts';
import { MASTER_FILES } from '../../shared/master-files.ts';
import { err, ok, unwrap } from '../../shared/result.ts';
import { CLUSTER_BYTES } from '../../test/support/disk-workbench.ts';
import { aFeed, anEntry, newKey, NOW_MS, publish } from '../../test/support/feeds.ts';
import { MachineRoom } from '../../test/support/machine-room.ts';
import { newMirroredImages } from '../../test/support/published-master.ts';
import { sha256 } from '../block/manifest/digest.ts';
import { PublishedBoots } from './published-boots.ts';

const RANGES = [
  { offset: 3 * CLUSTER_BYTES, length: 1024 },
  { offset: 0, length: 512 },
];

/** Somebody who has subscribed to a feed with one appliance, whose boot was published. */
async function subscriber() {
  const images = await newMirroredImages(1);
  const [folder = ''] = images.folders;
  const text = JSON.stringify(bootProfileOf(RANGES));
  const file = path.join(folder, MASTER_FILES.bootProfile);
  fs.writeFileSync(file, text);
  const master = {
    ...images.published.description,
    bootProfile: {
      sha256: sha256(Buffer.from(text)).toString('hex'),
      lengthBytes: text.length,
      bootBytes: 1536,
    },
  };
  const entry = anEntry({
    master,
    sources: [...images.published.sources],
    diskSizeBytes: master.lengthBytes,
  });
  const room = new MachineRoom({ nowMs: () => NOW_MS });
  const key = newKey();
  const location = publish(path.join(room.folder, 'feed'), aFeed(key, { appliances: [entry] }), key);
  const backEnd = await room.open();
  const { id: feedId } = unwrap(await backEnd.feeds.add({ location, key: key.publicText }));
  const profile = () => {
    const found = backEnd.catalog.read(({ masters, bootProfiles }) => {
      const [known] = masters.list().filter(({ published }) => published !== null);
      return known === undefined ? null : bootProfiles.find(known.id);
    });
    return unwrap(found);
  };
  return { backEnd, applianceId: `${feedId}-tiny`, file, profile };
}

describe('a boot profile that was published', () => {
  it('is known before anything was started: on the card, and of the disk of a new machine', async () => {
    const { backEnd, applianceId, profile } = await subscriber();
    unwrap(await backEnd.appliances.install({ id: applianceId }));
    await expect.poll(profile).toMatchObject({ origin: 'published', profile: bootProfileOf(RANGES) });
    const card = unwrap(await backEnd.appliances.list()).find(({ id }) => id === applianceId);
    expect(card).toMatchObject({ bootBytes: 1536 });
    unwrap(await backEnd.machines.create({ applianceId, start: false, kind: 'standalone' }));
    await expect
      .poll(async () => unwrap(await backEnd.disks.list())[0]?.boot)
      .toEqual({ bytes: 1536, missingBytes: 1536 });
  });

  it('is fetched anew where another was published, though it reads as much', async () => {
    const { backEnd, applianceId, profile } = await subscriber();
    unwrap(await backEnd.appliances.install({ id: applianceId }));
    await expect.poll(profile).not.toBeNull();
    const known = profile();
    if (known === null) throw new Error('it is known');
    unwrap(
      backEnd.catalog.change(({ bootProfiles }) => bootProfiles.put({ ...known, sha256: 'ab'.repeat(32) })),
    );
    let asked = 0;
    const boots = new PublishedBoots({
      catalog: backEnd.catalog,
      nowMs: () => NOW_MS,
      fetch: async () => {
        asked++;
        return ok(RANGES);
      },
      learned: () => undefined,
      warn: () => undefined,
    });
    await boots.look();
    await boots.look();
    expect(asked).toBe(1);
    expect(profile()?.sha256).toBe(known.sha256);
  });

  it.each([
    ['once where it is wrong, and that is told', err('source-changed', 'another hash'), 1, 1],
    ['each time while nobody has it', err('source-unreachable', 'gone'), 2, 0],
  ])('is looked for %s', async (_what, answer, fetches, warnings) => {
    const { backEnd, applianceId, file, profile } = await subscriber();
    fs.rmSync(file);
    unwrap(await backEnd.appliances.install({ id: applianceId }));
    const warned: string[] = [];
    let asked = 0;
    const boots = new PublishedBoots({
      catalog: backEnd.catalog,
      nowMs: () => NOW_MS,
      fetch: async () => {
        asked++;
        return answer;
      },
      learned: () => undefined,
      warn: (text) => warned.push(text),
    });
    await boots.look();
    await boots.look();
    expect([asked, warned.length]).toEqual([fetches, warnings]);
    expect(profile()).toBeNull();
  });
});
