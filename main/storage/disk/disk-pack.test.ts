import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { MASTER_FILES } from '../../../shared/master-files.ts';
import { unwrap } from '../../../shared/result.ts';
import { KIB, MIB, SECTOR_BYTES } from '../../../shared/units.ts';
import {
  CLUSTER_BYTES,
  connect,
  contentWithoutSource,
  firstDifference,
  MASTER_BYTES,
  openDisk,
  STREAM,
  type Told,
} from '../../../test/support/disk-workbench.ts';
import { newPackedImages, packOf, type PackedImages } from '../../../test/support/packed-master.ts';
import { SeededRandom } from '../../../test/support/seeded-random.ts';
import type { Range } from '../../block/range.ts';
import { BlockPortClient } from '../block-port/client.ts';
import { publishedLayer } from '../chain/published-master.ts';
import type { DiskThread } from './disk-thread.ts';

const WAIT = { onSourceLost: 'wait' } as const;

/** A boot: sectors here and there, in no order of the disk; about a third of it. */
function bootRanges(seed: number): Range[] {
  const random = new SeededRandom(seed);
  const ranges: Range[] = [];
  for (let at = random.integer(0, 40) * SECTOR_BYTES; ;) {
    const length = random.integer(1, 64) * SECTOR_BYTES;
    if (at + length > MASTER_BYTES) break;
    ranges.push({ offset: at, length });
    at += length + random.integer(1, 128) * SECTOR_BYTES;
  }
  return ranges.sort(() => random.integer(0, 2) - 1);
}

async function readAll(guest: BlockPortClient, ranges: readonly Range[], content: Uint8Array) {
  for (const { offset, length } of ranges) {
    const read = unwrap(await guest.readOwned(offset, length));
    expect(firstDifference(read, content.subarray(offset, offset + length))).toBeNull();
  }
}

function packEnded(told: Told) {
  return told.until(({ kind }) => kind === 'boot-pack');
}

async function streamToTheEnd(disk: DiskThread, told: Told, { overlay, content }: PackedImages) {
  unwrap(await disk.startStream(STREAM));
  await told.job('BLOCK_JOB_COMPLETED');
  unwrap(await disk.close());
  expect(firstDifference(await contentWithoutSource(overlay), content)).toBeNull();
}

describe('the boot pack of a disk', () => {
  it('brings a boot without a byte of the disk being asked for', async () => {
    const ranges = bootRanges(1);
    const images = await newPackedImages(ranges);
    const { disk } = await openDisk(images.chain, WAIT);
    await readAll(await connect(disk), ranges, images.content);
    expect(images.sent.disk.fetchedBytes).toBe(0);
    expect(images.sent.pack.sentAgain).toBeNull();
    expect(unwrap(await disk.status()).guest.missedReads).toBe(0);
  });

  it('is never fetched twice, nor what it brings in any other way, until the disk is complete', async () => {
    const ranges = bootRanges(2);
    const images = await newPackedImages(ranges);
    const { disk, told } = await openDisk(images.chain, WAIT);
    const guest = await connect(disk);
    unwrap(await disk.startStream(STREAM));
    await readAll(guest, ranges, images.content);
    expect(await packEnded(told)).toMatchObject({ failure: null });
    await told.job('BLOCK_JOB_COMPLETED');
    unwrap(await disk.close());
    expect(firstDifference(await contentWithoutSource(images.overlay), images.content)).toBeNull();
    const { sent } = images;
    expect(sent.pack.sentAgain).toBeNull();
    expect(sent.pack.fetchedBytes).toBe(images.pack.length);
    for (const range of ranges) sent.disk.note({ method: 'GET', path: '', status: 206, range });
    expect(sent.disk.sentAgain).toBeNull();
  });

  it('is asked in any order for what its guest reads, and completed for what lies beside it', async () => {
    const ranges = bootRanges(3);
    const images = await newPackedImages(ranges, { link: { bitsPerSecond: 40e6, roundTripMs: 5 } });
    const { disk, told } = await openDisk(images.chain, WAIT);
    const guest = await connect(disk);
    const random = new SeededRandom(4);
    const elsewhere = Array.from({ length: 40 }, () => {
      const offset = random.integer(0, MASTER_BYTES / SECTOR_BYTES - 33) * SECTOR_BYTES;
      return { offset, length: random.integer(1, 32) * SECTOR_BYTES };
    });
    await readAll(guest, [...ranges.toReversed().slice(0, 20), ...elsewhere], images.content);
    await streamToTheEnd(disk, told, images);
    for (const range of ranges) images.sent.disk.note({ method: 'GET', path: '', status: 206, range });
    expect(images.sent.disk.sentAgain).toBeNull();
    expect(images.sent.pack.sentAgain).toBeNull();
  });

  it('comes before anything that no guest waits for', async () => {
    const ranges = bootRanges(5);
    const images = await newPackedImages(ranges, { link: { bitsPerSecond: 20e6, roundTripMs: 5 } });
    const { disk, told } = await openDisk(images.chain, WAIT);
    await connect(disk);
    unwrap(await disk.startStream(STREAM));
    await packEnded(told);
    expect(images.sent.disk.fetchedBytes).toBe(0);
    await told.job('BLOCK_JOB_COMPLETED');
  });

  it('keeps to the limit of its disk, but for what a guest waits for', async () => {
    const ranges = bootRanges(6);
    const images = await newPackedImages(ranges);
    const { disk, told } = await openDisk(images.chain, WAIT);
    unwrap(await disk.setLimit(1));
    const guest = await connect(disk);
    await expect.poll(async () => unwrap(await disk.status()).bootPack?.phase).toBe('coming');
    await readAll(guest, ranges.slice(-1), images.content);
    expect(images.sent.pack.fetchedBytes).toBeLessThan(images.pack.length);
    unwrap(await disk.setLimit(0));
    expect(await packEnded(told)).toMatchObject({ failure: null });
  });

  it('goes on where it was when the disk was closed in between', async () => {
    const ranges = bootRanges(7);
    const images = await newPackedImages(ranges);
    const first = await openDisk(images.chain, WAIT);
    unwrap(await first.disk.setLimit(1));
    await readAll(await connect(first.disk), ranges.slice(0, 1), images.content);
    unwrap(await first.disk.close());
    expect(fs.existsSync(`${images.overlay}.pack`)).toBe(true);
    const { disk, told } = await openDisk(images.chain, WAIT);
    await readAll(await connect(disk), ranges, images.content);
    expect(await packEnded(told)).toMatchObject({ failure: null });
    expect(images.sent.pack.sentAgain).toBeNull();
    expect(images.sent.disk.fetchedBytes).toBe(0);
  });

  it('lets a machine start without any source once it is here', async () => {
    const ranges = bootRanges(8);
    const images = await newPackedImages(ranges);
    const first = await openDisk(images.chain, WAIT);
    await connect(first.disk);
    await packEnded(first.told);
    unwrap(await first.disk.close());
    for (const server of images.servers) await server.drop();
    const { disk } = await openDisk(images.chain, WAIT);
    await readAll(await connect(disk), ranges, images.content);
  });

  it('is kept beside the image until the image has everything, and then no longer', async () => {
    const images = await newPackedImages(bootRanges(9));
    const { disk, told } = await openDisk(images.chain, WAIT);
    await connect(disk);
    await packEnded(told);
    const file = `${images.overlay}.pack`;
    expect(Buffer.compare(fs.readFileSync(file), images.pack)).toBe(0);
    await streamToTheEnd(disk, told, images);
    expect(fs.existsSync(file)).toBe(false);
  });

  it('is not downloaded where nobody starts anything', async () => {
    const images = await newPackedImages(bootRanges(10));
    const { disk, told } = await openDisk(images.chain);
    await streamToTheEnd(disk, told, images);
    expect(images.sent.pack.fetchedBytes).toBe(0);
    expect(images.sent.disk.sentAgain).toBeNull();
  });

  it('is not downloaded for a guest that goes on from where it was saved', async () => {
    const images = await newPackedImages(bootRanges(12));
    const { disk } = await openDisk(images.chain, WAIT);
    const guest = unwrap(await BlockPortClient.connect(unwrap(await disk.connect('write', false))));
    await readAll(guest, [{ offset: MIB, length: 512 }], images.content);
    expect(unwrap(await disk.status()).bootPack?.phase).toBe('idle');
    expect(images.sent.pack.fetchedBytes).toBe(0);
  });

  it('is not downloaded again for a disk that has all that it brings', async () => {
    const range = { offset: MIB, length: CLUSTER_BYTES };
    const images = await newPackedImages([range]);
    const { bootPack, ...description } = images.published.description;
    expect(bootPack).toBeDefined();
    const withoutPack = { ...images.chain, backing: publishedLayer({ ...images.published, description }) };
    const first = await openDisk(withoutPack, WAIT);
    await readAll(await connect(first.disk), [range], images.content);
    unwrap(await first.disk.close());
    const { disk } = await openDisk(images.chain, { ...WAIT, bootProfile: [range] });
    await readAll(await connect(disk), [range], images.content);
    unwrap(await disk.close());
    expect(images.sent.pack.fetchedBytes).toBe(0);
  });
});

describe('a boot pack that is not what it should be', () => {
  const RANGES = bootRanges(11);
  const packFile = (folder = '') => path.join(folder, MASTER_FILES.bootPack);

  async function withPack(change: (file: string, images: PackedImages) => Promise<void> | void) {
    const images = await newPackedImages(RANGES);
    await change(packFile(images.folders[0]), images);
    return images;
  }

  it.each([
    ['is missing', (file: string) => fs.rmSync(file)],
    ['is cut off', (file: string) => fs.truncateSync(file, 5 * KIB)],
    ['is empty', (file: string) => fs.truncateSync(file, 0)],
    [
      'has another head',
      (file: string) => {
        const bytes = fs.readFileSync(file);
        bytes[80] = (bytes[80] ?? 0) ^ 1;
        fs.writeFileSync(file, bytes);
      },
    ],
    [
      'has other content',
      (file: string, { index }: PackedImages) => {
        const bytes = fs.readFileSync(file);
        const at = (index.frames[1]?.fileOffset ?? 0) + 100;
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        fs.writeFileSync(file, bytes);
      },
    ],
    [
      'is that of another master',
      async (file: string, { content }: PackedImages) => {
        const { bytes } = await packOf(content.toReversed(), 'ab'.repeat(32), RANGES);
        fs.writeFileSync(file, bytes);
      },
    ],
  ])('is done without where it %s, and that is told', async (_what, change) => {
    const images = await withPack(change);
    const { disk, told } = await openDisk(images.chain, WAIT);
    await readAll(await connect(disk), RANGES, images.content);
    expect(await packEnded(told)).toMatchObject({ failure: { code: 'source-changed' } });
    await streamToTheEnd(disk, told, images);
  });

  it('is taken from another source where one has it damaged', async () => {
    const images = await newPackedImages(RANGES, { sources: 2 });
    const bytes = fs.readFileSync(packFile(images.folders[0]));
    const at = (images.index.frames[0]?.fileOffset ?? 0) + 10;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    fs.writeFileSync(packFile(images.folders[0]), bytes);
    const { disk, told } = await openDisk(images.chain, WAIT);
    await readAll(await connect(disk), RANGES, images.content);
    expect(await packEnded(told)).toMatchObject({ failure: null });
  });

  it('is recognised by the hashes of the disk, and not used any more', async () => {
    const wrong = (await newPackedImages(RANGES)).content.map((byte) => byte ^ 0x55);
    const images = await newPackedImages(RANGES, { packed: wrong });
    const { disk, told } = await openDisk(images.chain, WAIT);
    await connect(disk);
    await packEnded(told);
    await streamToTheEnd(disk, told, images);
    expect(await told.until(({ kind }) => kind === 'wrong-bytes')).toMatchObject({
      wrong: { file: 'boot.pack' },
    });
  });

  it('is waited for by nobody while no source answers, and comes when one does', async () => {
    const images = await newPackedImages(RANGES, { link: { bitsPerSecond: 8e6, roundTripMs: 1 } });
    const { disk, told } = await openDisk(images.chain, WAIT);
    const guest = await connect(disk);
    await readAll(guest, RANGES.slice(0, 1), images.content);
    for (const server of images.servers) await server.drop();
    const reading = guest.readOwned(RANGES.at(-1)?.offset ?? 0, SECTOR_BYTES);
    expect(await told.until(({ kind }) => kind === 'waiting')).toMatchObject({
      waiting: { failure: { code: 'source-unreachable' } },
    });
    for (const server of images.servers) await server.restore();
    unwrap(await disk.retryNow());
    unwrap(await reading);
    await readAll(guest, RANGES, images.content);
    expect(await packEnded(told)).toMatchObject({ failure: null });
  });
});
