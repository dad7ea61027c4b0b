import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { unwrap } from '../../../shared/result.ts';
import { GIB, KIB, MIB, TIB } from '../../../shared/units.ts';
import type { BlockFile } from '../../block/file.ts';
import { NodeFile } from '../../block/node-file.ts';
import { createQed } from '../../qed/create.ts';
import { QedDevice } from '../../qed/device.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import type { ImageChain } from '../chain/image-chain.ts';
import { openChain } from '../chain/open.ts';
import { lockImage } from '../lock/image-lock.ts';
import { checkImage } from './check-image.ts';
import { drawMap, mapImage } from './cluster-map.ts';
import { createOverlay } from './create-overlay.ts';
import { exportImage } from './export-image.ts';
import { inspectImage } from './inspect-image.ts';
import { surveyImage } from './survey.ts';

const CLUSTER = 64 * KIB;

/** A raw master full of sevens, and the chain of an overlay over it. */
function masterAndChain(lengthBytes: number) {
  const folder = tempFolder();
  const master = path.join(folder, 'master.raw');
  fs.writeFileSync(master, Buffer.alloc(lengthBytes, 7));
  const backing: ImageChain = { location: master, format: 'raw', backing: null };
  const chain = { location: path.join(folder, 'overlay.qed'), format: 'qed', backing } as const;
  return { folder, master, chain };
}

async function write(chain: ImageChain, work: (device: QedDevice) => Promise<void>): Promise<void> {
  const device = unwrap(await openChain(chain, { clock: systemClock, readOnly: false }));
  if (!(device instanceof QedDevice)) throw new Error('no QED image');
  await work(device);
  unwrap(await device.close());
}

/** The rest of a file that is only read. */
function withoutWrites(file: NodeFile): BlockFile {
  const refused = () => Promise.reject(new Error('a map writes nothing'));
  return {
    path: file.path,
    readOnly: true,
    length: () => file.length(),
    read: refused,
    write: refused,
    sync: refused,
    setLength: refused,
    close: refused,
  };
}

const context = () => ({
  clock: systemClock,
  signal: new AbortController().signal,
  progress: () => undefined,
});

describe('a survey of an image', () => {
  it('counts data and zero clusters, each as far as the disk goes', async () => {
    const length = 4 * MIB + 5 * 512;
    const { chain } = masterAndChain(length);
    unwrap(await createOverlay(chain, length));
    expect(unwrap(await surveyImage(chain.location, length))).toMatchObject({
      lengthBytes: length,
      standalone: false,
      localBytes: 0,
    });
    await write(chain, async (device) => {
      unwrap(await device.write(0, new Uint8Array(10).fill(1)));
      unwrap(await device.writeZeroes(2 * MIB, 2 * CLUSTER));
      unwrap(await device.write(length - 512, new Uint8Array(512).fill(1)));
    });
    const survey = unwrap(await surveyImage(chain.location, length));
    expect(survey.localBytes).toBe(3 * CLUSTER + 5 * 512);
    expect(survey.fileLength).toBe(fs.statSync(chain.location).size);
  });

  it('counts what lies beyond a shorter source as local', async () => {
    const { chain } = masterAndChain(MIB);
    unwrap(await createOverlay(chain, 4 * MIB));
    expect(unwrap(await surveyImage(chain.location, MIB)).localBytes).toBe(3 * MIB);
  });

  it('counts everything as local once the image stands alone', async () => {
    const { chain } = masterAndChain(MIB);
    unwrap(await createOverlay(chain, MIB));
    await write(chain, async (device) => {
      unwrap(await device.populate([{ offset: 0, length: MIB }]));
      unwrap(await device.dropBacking());
    });
    expect(unwrap(await surveyImage(chain.location, MIB))).toMatchObject({
      standalone: true,
      localBytes: MIB,
    });
  });

  it('tells an image that was never finished from a damaged one', async () => {
    const half = path.join(tempFolder(), 'half.qed');
    fs.writeFileSync(half, Buffer.alloc(320 * KIB));
    expect(await surveyImage(half, MIB)).toMatchObject({
      failure: { code: 'malformed', message: expect.stringContaining('never finished') as string },
    });
    fs.writeFileSync(half, 'something else altogether'.repeat(10));
    const other = await surveyImage(half, MIB);
    expect(other).toMatchObject({ failure: { code: 'malformed' } });
    expect(other.ok ? '' : other.failure.message).not.toContain('never finished');
    expect(await surveyImage(`${half}.gone`, MIB)).toMatchObject({ failure: { code: 'not-found' } });
  });
});

describe('the map of an image', () => {
  it('shows data, zeroes and what is missing where they are', async () => {
    const { chain } = masterAndChain(16 * MIB);
    unwrap(await createOverlay(chain, 16 * MIB));
    await write(chain, async (device) => {
      unwrap(await device.write(0, new Uint8Array(MIB).fill(1)));
      unwrap(await device.writeZeroes(4 * MIB, MIB / 2));
    });
    const map = unwrap(await mapImage(chain.location, 16, 16 * MIB));
    expect(map).toHaveLength(16);
    expect(map[0]).toEqual({ data: 1, zero: 0, missing: 0 });
    expect(map[1]).toEqual({ data: 0, zero: 0, missing: 1 });
    expect(map[4]).toEqual({ data: 0, zero: 0.5, missing: 0.5 });
  });

  it('may have more cells than the disk has clusters', async () => {
    const { chain } = masterAndChain(MIB);
    unwrap(await createOverlay(chain, MIB));
    await write(chain, async (device) => {
      unwrap(await device.write(0, new Uint8Array(1).fill(1)));
    });
    const map = unwrap(await mapImage(chain.location, 32, MIB));
    expect(map.map(({ data }) => data).slice(0, 3)).toEqual([1, 1, 0]);
  });

  it('misses nothing beyond the end of a shorter source', async () => {
    const { chain } = masterAndChain(MIB);
    unwrap(await createOverlay(chain, 16 * MIB));
    const map = unwrap(await mapImage(chain.location, 16, MIB));
    expect(map[0]).toEqual({ data: 0, zero: 0, missing: 1 });
    expect(map[1]).toEqual({ data: 0, zero: 1, missing: 0 });
  });

  it('reads a bounded part of the tables of a disk of 64 TiB', async () => {
    const file = path.join(tempFolder(), 'huge.qed');
    const created = unwrap(NodeFile.create(file));
    unwrap(await createQed(created, { imageBytes: 64 * TIB, backing: { name: '/m', raw: true } }));
    // Every table of it is the same one, whose first half is data: a file that no writer makes, but quick to make.
    const table = Buffer.alloc(256 * KIB);
    for (let entry = 0; entry < 16 * KIB; entry++) table.writeBigUInt64LE(BigInt(CLUSTER), entry * 8);
    const l1 = Buffer.alloc(256 * KIB);
    for (let entry = 0; entry < 32 * KIB; entry++) l1.writeBigUInt64LE(BigInt(5 * CLUSTER), entry * 8);
    unwrap(await created.write(CLUSTER, l1));
    unwrap(await created.write(5 * CLUSTER, table));
    let readBytes = 0;
    const counted: BlockFile = {
      ...withoutWrites(created),
      read: (position, target) => {
        readBytes += target.length;
        return created.read(position, target);
      },
    };
    const map = unwrap(await drawMap(counted, 64, 64 * TIB));
    unwrap(await created.close());
    expect(readBytes).toBeLessThan(128 * MIB);
    expect(map.every(({ data }) => Math.abs(data - 0.5) < 0.01)).toBe(true);
  });
});

describe('an export', () => {
  for (const format of ['raw', 'qed'] as const) {
    it(`to ${format} has what a guest sees, and needs no other file`, async () => {
      const { folder, chain, master } = masterAndChain(2 * MIB);
      unwrap(await createOverlay(chain, 2 * MIB));
      await write(chain, async (device) => {
        unwrap(await device.write(100, new Uint8Array(50).fill(1)));
        unwrap(await device.writeZeroes(MIB, MIB / 2));
      });
      const target = path.join(folder, `out.${format}`);
      unwrap(await exportImage({ chain, target, format }, context()));
      fs.rmSync(master);
      const expected = Buffer.alloc(2 * MIB, 7)
        .fill(1, 100, 150)
        .fill(0, MIB, MIB * 1.5);
      const copy = unwrap(
        await openChain({ location: target, format, backing: null }, { clock: systemClock, readOnly: true }),
      );
      const bytes = new Uint8Array(copy.lengthBytes);
      unwrap(await copy.read(0, bytes));
      unwrap(await copy.close());
      expect(Buffer.compare(bytes, expected)).toBe(0);
      expect(fs.statSync(target).blocks * 512).toBeLessThan(2 * MIB);
    });
  }

  it('refuses an overlay whose backing was not given', async () => {
    const { folder, chain } = masterAndChain(MIB);
    unwrap(await createOverlay(chain, MIB));
    const target = path.join(folder, 'out.raw');
    const request = {
      chain: { ...chain, backing: null },
      target,
      format: 'raw',
    } as const;
    expect(await exportImage(request, context())).toMatchObject({ failure: { code: 'invalid-argument' } });
    expect(fs.readdirSync(folder).filter((name) => name.startsWith('out'))).toEqual([]);
  });

  it('never writes into a file that is there already', async () => {
    const { folder, chain } = masterAndChain(MIB);
    unwrap(await createOverlay(chain, MIB));
    const target = path.join(folder, 'out.raw');
    fs.writeFileSync(target, 'before');
    const refused = await exportImage({ chain, target, format: 'raw' }, context());
    expect(refused).toMatchObject({ failure: { code: 'already-exists' } });
    expect(fs.readFileSync(target, 'utf8')).toBe('before');
  });

  it('leaves nothing when it is cancelled', async () => {
    const { folder, chain } = masterAndChain(MIB);
    unwrap(await createOverlay(chain, MIB));
    const target = path.join(folder, 'out.raw');
    const signal = AbortSignal.abort();
    const cancelled = await exportImage({ chain, target, format: 'raw' }, { ...context(), signal });
    expect(cancelled).toMatchObject({ failure: { code: 'cancelled' } });
    expect(fs.existsSync(target)).toBe(false);
  });
});

describe('a check', () => {
  it('is refused while somebody writes the image', async () => {
    const { chain } = masterAndChain(MIB);
    unwrap(await createOverlay(chain, MIB));
    const release = unwrap(lockImage(chain.location));
    expect(await checkImage(chain.location, 'none')).toMatchObject({ failure: { code: 'busy' } });
    release();
    expect(unwrap(await checkImage(chain.location, 'all'))).toMatchObject({ corruptions: 0, leaks: 0 });
  });
});

describe('an image that is to become a master', () => {
  it('tells its guest size', async () => {
    const { chain, master } = masterAndChain(MIB);
    expect(unwrap(await inspectImage(master, 'raw'))).toMatchObject({ lengthBytes: MIB });
    const file = unwrap(NodeFile.create(`${chain.location}.whole`));
    unwrap(await createQed(file, { imageBytes: GIB }));
    unwrap(await file.close());
    expect(unwrap(await inspectImage(file.path, 'qed'))).toMatchObject({ lengthBytes: GIB });
  });

  it('is refused when it is an overlay itself', async () => {
    const { chain } = masterAndChain(MIB);
    unwrap(await createOverlay(chain, MIB));
    expect(await inspectImage(chain.location, 'qed')).toMatchObject({ failure: { code: 'unsupported' } });
  });
});
