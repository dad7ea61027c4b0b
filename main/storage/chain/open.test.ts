import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { unwrap } from '../../../shared/result.ts';
import { KIB } from '../../../shared/units.ts';
import { writeQed, writeRaw } from '../../../test/support/image-files.ts';
import { readAll } from '../../../test/support/qed-disk.ts';
import { serve } from '../../../test/support/served.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { QedDevice } from '../../qed/device.ts';
import type { ImageChain } from './image-chain.ts';
import { openChain } from './open.ts';

const READ_ONLY = { clock: systemClock, readOnly: true };
const WRITING = { clock: systemClock, readOnly: false };
const SMALL = { imageBytes: 64 * KIB, clusterBytes: 4 * KIB, tableClusters: 1 };

function raw(location: string): ImageChain {
  return { location, format: 'raw', backing: null };
}

function qed(location: string, backing: ImageChain | null): ImageChain {
  return { location, format: 'qed', backing };
}

describe('opening a chain', () => {
  it('reads through any number of layers to what each holds', async () => {
    const folder = tempFolder();
    const content = writeRaw(path.join(folder, 'base.raw'), SMALL.imageBytes);
    let chain = raw(path.join(folder, 'base.raw'));
    for (let layer = 1; layer <= 12; layer++) {
      const location = path.join(folder, `${layer}.qed`);
      await writeQed(location, {
        ...SMALL,
        backing: { name: path.basename(chain.location), raw: layer === 1 },
      });
      chain = qed(location, chain);
      const device = unwrap(await openChain(chain, WRITING));
      const data = new Uint8Array(3000).fill(layer);
      unwrap(await device.write(layer * 5000, data));
      content.set(data, layer * 5000);
      unwrap(await device.close());
    }
    const device = unwrap(await openChain(chain, READ_ONLY));
    expect(await readAll(device)).toEqual(content);
    unwrap(await device.close());
  });

  it('never follows the backing name inside an image', async () => {
    const folder = tempFolder();
    const secret = path.join(folder, 'passwd');
    writeRaw(secret, SMALL.imageBytes, 666);
    const master = writeRaw(path.join(folder, 'master.raw'), SMALL.imageBytes, 1);
    await writeQed(path.join(folder, 'disk.qed'), { ...SMALL, backing: { name: secret, raw: true } });
    const given = qed(path.join(folder, 'disk.qed'), raw(path.join(folder, 'master.raw')));
    const device = unwrap(await openChain(given, READ_ONLY));
    expect(await readAll(device)).toEqual(master);
    unwrap(await device.close());
    const alone = unwrap(await openChain(qed(path.join(folder, 'disk.qed'), null), READ_ONLY));
    expect(alone instanceof QedDevice && alone.backing).toBeNull();
    unwrap(await alone.close());
    fs.rmSync(secret);
    unwrap(await unwrap(await openChain(given, READ_ONLY)).close());
  });

  it('needs no source where the overlay stands alone, whatever the chain says', async () => {
    const overlay = path.join(tempFolder(), 'disk.qed');
    await writeQed(overlay, SMALL);
    const chain = qed(overlay, raw('http://127.0.0.1:1/nobody-there'));
    const device = unwrap(await openChain(chain, WRITING));
    unwrap(await device.write(0, new Uint8Array(10)));
    unwrap(await device.close());
  });

  it.each([true, false])('reads a master over HTTP (opened when first needed: %s)', async (deferRemote) => {
    const folder = tempFolder();
    const content = writeRaw(path.join(folder, 'base.raw'), SMALL.imageBytes);
    const server = await serve(folder);
    await writeQed(path.join(folder, 'disk.qed'), { ...SMALL, backing: { name: 'base.raw', raw: true } });
    const chain = qed(path.join(folder, 'disk.qed'), raw(`${server.url}base.raw`));
    const device = unwrap(await openChain(chain, { ...WRITING, deferRemote }));
    expect(server.statistics().requests).toBe(deferRemote ? 0 : 1);
    expect(await readAll(device)).toEqual(content);
    unwrap(await device.close());
  });

  it('reads a QED image over HTTP, over another one', async () => {
    const folder = tempFolder();
    const content = writeRaw(path.join(folder, 'base.raw'), SMALL.imageBytes);
    await writeQed(path.join(folder, 'middle.qed'), { ...SMALL, backing: { name: 'base.raw', raw: true } });
    await writeQed(path.join(folder, 'top.qed'), { ...SMALL, backing: { name: 'middle.qed', raw: false } });
    const server = await serve(folder);
    const middle = qed(`${server.url}middle.qed`, raw(`${server.url}base.raw`));
    const device = unwrap(await openChain(qed(path.join(folder, 'top.qed'), middle), WRITING));
    expect(await readAll(device)).toEqual(content);
    unwrap(await device.close());
  });

  it('writes to no remote source', async () => {
    const failure = {
      code: 'read-only',
      message: "'http://127.0.0.1:1/x' is a remote source and can only be read",
    };
    expect(await openChain(raw('http://127.0.0.1:1/x'), WRITING)).toMatchObject({ failure });
    expect(await openChain(qed('http://127.0.0.1:1/x', null), WRITING)).toMatchObject({ failure });
  });

  it('refuses a second writer, and nobody who only reads', async () => {
    const overlay = path.join(tempFolder(), 'disk.qed');
    await writeQed(overlay, SMALL);
    const reader = unwrap(await openChain(qed(overlay, null), READ_ONLY));
    const writer = unwrap(await openChain(qed(overlay, null), WRITING));
    expect(await openChain(qed(overlay, null), WRITING)).toMatchObject({
      failure: {
        code: 'busy',
        message: `'${overlay}' is already open for writing in this program; close it there first`,
      },
    });
    const late = unwrap(await openChain(qed(overlay, null), READ_ONLY));
    for (const device of [reader, late, writer]) unwrap(await device.close());
    unwrap(await unwrap(await openChain(qed(overlay, null), WRITING)).close());
    expect(fs.readdirSync(path.dirname(overlay))).toEqual(['disk.qed']);
  });

  it('leaves no lock where opening fails', async () => {
    const folder = tempFolder();
    const overlay = path.join(folder, 'disk.qed');
    await writeQed(overlay, { ...SMALL, backing: { name: 'gone.raw', raw: true } });
    fs.writeFileSync(path.join(folder, 'text.qed'), 'certainly no image');
    expect(await openChain(qed(overlay, raw(path.join(folder, 'gone.raw'))), WRITING)).toMatchObject({
      failure: { code: 'not-found' },
    });
    expect(await openChain(qed(path.join(folder, 'text.qed'), null), WRITING)).toMatchObject({
      failure: { code: 'malformed' },
    });
    expect(fs.readdirSync(folder).sort()).toEqual(['disk.qed', 'text.qed']);
  });
});
