/** Masters on the web servers that people have: what any of them does with ranges must suffice, and be noticed if wrong. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { MASTER_FILES } from '../../shared/master-files.ts';
import { DONE, unwrap } from '../../shared/result.ts';
import { MIB } from '../../shared/units.ts';
import { openHttpDevice } from '../../main/block/http/http-device.ts';
import { openPublished } from '../../main/storage/chain/published-master.ts';
import { verifyMaster } from '../../main/masters/publish/verify-master.ts';
import { findPublished } from '../../main/storage/chain/master-description.ts';
import { newMirroredImages, spoil } from '../support/published-master.ts';
import { WEB_SERVERS } from '../support/web-servers.ts';

/** A master in a folder that a server of this kind serves. */
async function published(server: (typeof WEB_SERVERS)[number]) {
  const { folders, content, published: master } = await newMirroredImages(1);
  const [folder = ''] = folders;
  const url = await server.start(folder);
  return { folder, content, url, master: { ...master, sources: [url] } };
}

it('there is Apache besides our own server, at least', () => {
  const here = WEB_SERVERS.filter((server) => server.here).map(({ name }) => name);
  expect(here).toEqual(expect.arrayContaining(['headwater serve', 'Apache']));
});

describe.each(WEB_SERVERS.filter(({ here }) => here))('a master on $name', (server) => {
  it('is read whole, and each byte is right', async () => {
    const { content, url, master } = await published(server);
    const device = unwrap(await openPublished(master, { clock: systemClock }));
    const target = new Uint8Array(content.length);
    expect(await device.read(0, target)).toEqual(DONE);
    await device.close();
    expect(Buffer.compare(target, content)).toBe(0);
    const found = unwrap(await findPublished(url, systemClock));
    const { signal } = new AbortController();
    const context = { clock: systemClock, signal, progress: () => undefined };
    expect(unwrap(await verifyMaster({ master: found }, context)).problems).toEqual([]);
  });

  it('is not believed when its file was changed, and read again when that is undone', async () => {
    const { folder, content, master } = await published(server);
    const device = unwrap(await openPublished(master, { clock: systemClock }));
    spoil(folder, MIB + 7);
    const read = () => device.read(MIB, new Uint8Array(512));
    expect(await read()).toMatchObject({ failure: { code: 'source-changed' } });
    fs.writeFileSync(path.join(folder, MASTER_FILES.disk), content.subarray(0, MIB));
    expect((await read()).ok).toBe(false);
    fs.writeFileSync(path.join(folder, MASTER_FILES.disk), content);
    expect(await read()).toEqual(DONE);
    await device.close();
  });

  it('without hashes is recognised by its tag, and the change of the file is noticed', async () => {
    const { folder, content, url } = await published(server);
    const device = unwrap(await openHttpDevice(`${url}${MASTER_FILES.disk}`, { clock: systemClock }));
    const target = new Uint8Array(3 * MIB);
    expect(await device.read(512, target)).toEqual(DONE);
    expect(Buffer.compare(target, content.subarray(512, 512 + target.length))).toBe(0);
    const file = path.join(folder, MASTER_FILES.disk);
    fs.writeFileSync(file, content.toReversed());
    fs.utimesSync(file, 1_000_000_000, 1_000_000_000);
    expect(await device.read(0, new Uint8Array(512))).toMatchObject({ failure: { code: 'source-changed' } });
    await device.close();
  });
});
