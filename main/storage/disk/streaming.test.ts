import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { unwrap } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import {
  CLUSTER_BYTES,
  connect,
  contentOf,
  contentWithoutSource,
  failureOf,
  firstDifference,
  MASTER_BYTES,
  newImages,
  newServedImages,
  openDisk,
  qed,
  raw,
  STREAM,
} from '../../../test/support/disk-workbench.ts';
import { writeQed, writeRaw } from '../../../test/support/image-files.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { TokenBucket } from '../../streaming/limits/token-bucket.ts';
import { followChain } from '../chain/follow.ts';
import { layersOf, type ImageChain } from '../chain/image-chain.ts';

/** Slow enough for a test to act before 4 MiB are through, in bytes per second. */
const SLOW = 256 * KIB;

describe('streaming a disk', () => {
  it('goes through the states of a job of QEMU, and fetches every byte once', async () => {
    const { chain, content, overlay, server } = await newServedImages();
    const { disk, told } = await openDisk(chain);
    unwrap(await disk.startStream(STREAM));
    await told.status('null');
    expect(told.jobEvents).toEqual([
      'created',
      'running',
      'waiting',
      'pending',
      'BLOCK_JOB_COMPLETED',
      'concluded',
      'null',
    ]);
    // Two connections ask for one byte each, to learn the size.
    expect(server.statistics().bytesSent - MASTER_BYTES).toBeLessThanOrEqual(2);
    expect(unwrap(await disk.status())).toMatchObject({
      standalone: true,
      job: { status: 'null', offset: MASTER_BYTES, len: MASTER_BYTES },
    });
    unwrap(await disk.close());
    expect(firstDifference(await contentWithoutSource(overlay), content)).toBeNull();
  });

  it('runs one job at a time', async () => {
    const { chain } = await newServedImages();
    const { disk } = await openDisk(chain);
    unwrap(await disk.startStream({ ...STREAM, speed: SLOW }));
    expect(failureOf(await disk.startStream({ ...STREAM, jobId: 'other' }))).toMatchObject({ code: 'busy' });
    expect(failureOf(await disk.controlJob('other', 'pause'))).toEqual({
      code: 'not-found',
      message: "Block job 'other' not found",
    });
  });

  it('stands still while it is paused, lets the guest read, and goes on', async () => {
    const { chain, content, server } = await newServedImages();
    const { disk, told } = await openDisk(chain);
    unwrap(await disk.startStream({ ...STREAM, speed: SLOW }));
    unwrap(await disk.controlJob('stream', 'pause'));
    await told.status('paused');
    expect(failureOf(await disk.controlJob('stream', 'pause'))).toMatchObject({ code: 'invalid-argument' });
    expect(failureOf(await disk.controlJob('stream', 'cancel'))).toMatchObject({ code: 'busy' });
    const { bytesSent } = server.statistics();
    unwrap(await disk.setSpeed('stream', 0));
    const guest = await connect(disk);
    const last = MASTER_BYTES - CLUSTER_BYTES;
    expect(unwrap(await guest.readOwned(last, 512))).toEqual(content.subarray(last, last + 512));
    expect(server.statistics().bytesSent - bytesSent).toBeLessThanOrEqual(CLUSTER_BYTES + 2);
    unwrap(await disk.controlJob('stream', 'resume'));
    await told.job('BLOCK_JOB_COMPLETED');
    expect(firstDifference(await contentOf(disk), content)).toBeNull();
    expect(server.statistics().bytesSent - MASTER_BYTES).toBeLessThanOrEqual(2);
  });

  it('keeps what it has when it is cancelled, and the next job goes on from there', async () => {
    const { chain, content, overlay, server } = await newServedImages();
    const { disk, told } = await openDisk(chain);
    unwrap(await disk.startStream({ ...STREAM, speed: 8 * MIB }));
    while ((unwrap(await disk.status()).job?.offset ?? 0) < MIB);
    unwrap(await disk.controlJob('stream', 'cancel'));
    await told.job('BLOCK_JOB_CANCELLED');
    await told.status('null');
    expect(unwrap(await disk.status()).standalone).toBe(false);
    unwrap(await disk.startStream({ ...STREAM, jobId: 'again' }));
    await told.job('BLOCK_JOB_COMPLETED');
    unwrap(await disk.close());
    expect(firstDifference(await contentWithoutSource(overlay), content)).toBeNull();
    expect(server.statistics().bytesSent - MASTER_BYTES).toBeLessThanOrEqual(2);
  });

  it('can be closed at any moment, and goes on when it is opened again', async () => {
    const { chain, content, overlay, server } = await newServedImages();
    let opened = 0;
    for (; ; opened++) {
      const { disk, told } = await openDisk(chain);
      unwrap(await disk.startStream({ ...STREAM, speed: opened < 4 ? 4 * MIB : 0 }));
      if (opened >= 4) await told.job('BLOCK_JOB_COMPLETED');
      else while ((unwrap(await disk.status()).job?.offset ?? 0) < opened * 512 * KIB);
      unwrap(await disk.close());
      if (opened >= 4) break;
    }
    expect(firstDifference(await contentWithoutSource(overlay), content)).toBeNull();
    expect(server.statistics().bytesSent - MASTER_BYTES).toBeLessThanOrEqual(2 * (opened + 1));
  });

  it('loses no write of the guest meanwhile', async () => {
    const { chain, content, overlay } = await newServedImages(8 * MIB);
    const { disk, told } = await openDisk(chain);
    const guest = await connect(disk);
    unwrap(await disk.startStream(STREAM));
    for (let offset = 100; offset + 3000 < MASTER_BYTES; offset += 40_000) {
      const data = new Uint8Array(3000).fill(offset % 251);
      content.set(data, offset);
      unwrap(await guest.write(offset, data));
    }
    await told.job('BLOCK_JOB_COMPLETED');
    unwrap(await disk.close());
    expect(firstDifference(await contentWithoutSource(overlay), content)).toBeNull();
  });

  it('completes at once where nothing is missing', async () => {
    const { overlay } = await newImages({ imageBytes: MIB });
    const alone = path.join(path.dirname(overlay), 'alone.qed');
    await writeQed(alone, { imageBytes: MIB });
    const { disk, told } = await openDisk(qed(alone, null));
    unwrap(await disk.startStream(STREAM));
    await told.job('BLOCK_JOB_COMPLETED');
  });

  it.each([
    { which: 'shorter than the overlay', overlayBytes: MASTER_BYTES + 3 * CLUSTER_BYTES + 512 },
    { which: 'longer than the overlay', overlayBytes: MASTER_BYTES - 3 * CLUSTER_BYTES + 512 },
  ])('takes a master that is $which', async ({ overlayBytes }) => {
    const { chain, content, overlay } = await newImages({ imageBytes: overlayBytes });
    const { disk, told } = await openDisk(chain);
    unwrap(await disk.startStream(STREAM));
    await told.job('BLOCK_JOB_COMPLETED');
    unwrap(await disk.close());
    const expected = new Uint8Array(overlayBytes);
    expected.set(content.subarray(0, overlayBytes));
    expect(firstDifference(await contentWithoutSource(overlay), expected)).toBeNull();
  });
});

describe('the limits of a disk', () => {
  /** What may pass in a time: the rate, a slice of 100 ms, and one request (a quarter of a second's worth). */
  const most = (rate: number, sinceMs: number) =>
    rate * ((systemClock.now() - sinceMs) / 1000 + 0.1 + 0.25) + CLUSTER_BYTES;

  it('let a job fetch no more than its speed, which may change at any time', async () => {
    const { chain, content, server } = await newServedImages();
    const { disk, told } = await openDisk(chain);
    const startedMs = systemClock.now();
    unwrap(await disk.startStream({ ...STREAM, speed: SLOW }));
    while ((unwrap(await disk.status()).job?.offset ?? 0) < 2 * CLUSTER_BYTES);
    const { bytesSent } = server.statistics();
    expect(bytesSent).toBeLessThanOrEqual(most(SLOW, startedMs));
    expect(failureOf(await disk.setSpeed('stream', -1))).toMatchObject({ code: 'invalid-argument' });
    unwrap(await disk.setSpeed('stream', 0));
    await told.job('BLOCK_JOB_COMPLETED');
    expect(firstDifference(await contentOf(disk), content)).toBeNull();
  });

  it('let a job fetch no more than the disk may, and all disks together no more than the shared bucket', async () => {
    const bucket = new TokenBucket(systemClock, SLOW);
    const one = await newServedImages();
    const other = await newServedImages();
    const startedMs = systemClock.now();
    const disks = await Promise.all(
      [one, other].map(({ chain }) => openDisk(chain, { globalLimit: bucket.memory })),
    );
    for (const { disk } of disks) unwrap(await disk.startStream(STREAM));
    const localBytes = async () => {
      const statuses = await Promise.all(disks.map(({ disk }) => disk.status()));
      return statuses.reduce((sum, status) => sum + (unwrap(status).job?.offset ?? 0), 0);
    };
    while ((await localBytes()) < 4 * CLUSTER_BYTES);
    const sent = one.server.statistics().bytesSent + other.server.statistics().bytesSent;
    // Two disks look at the bucket at the same time: one request more may pass.
    expect(sent).toBeLessThanOrEqual(most(SLOW, startedMs) + SLOW * 0.25);
    unwrap((await disks[0]?.disk.setLimit(SLOW)) ?? failNoDisk());
    const limitedMs = systemClock.now();
    const before = one.server.statistics().bytesSent;
    bucket.setRate(0);
    await disks[1]?.told.job('BLOCK_JOB_COMPLETED');
    expect(one.server.statistics().bytesSent - before).toBeLessThanOrEqual(most(SLOW, limitedMs));
    unwrap((await disks[0]?.disk.setLimit(0)) ?? failNoDisk());
    await disks[0]?.told.job('BLOCK_JOB_COMPLETED');
    for (const [index, { content }] of [one, other].entries()) {
      expect(firstDifference(await contentOf(disks[index]?.disk ?? failNoDisk()), content)).toBeNull();
    }
  });
});

function failNoDisk(): never {
  throw new Error('no disk');
}

describe('streaming down to a base', () => {
  interface Layered {
    readonly folder: string;
    readonly chain: ImageChain;
    readonly content: Uint8Array;
  }

  /**
   * base.raw <- 1.qed <- 2.qed <- top.qed, of the given sizes; each overlay has something of its own.
   */
  async function layered(
    sizes: readonly [base: number, one: number, two: number, top: number],
  ): Promise<Layered> {
    const folder = tempFolder();
    const file = (name: string) => path.join(folder, name);
    let content = writeRaw(file('base.raw'), sizes[0]).slice();
    let chain = raw(file('base.raw'));
    for (const [index, name] of ['1.qed', '2.qed', 'top.qed'].entries()) {
      const imageBytes = sizes[index + 1] ?? 0;
      const below = { name: path.basename(chain.location), raw: chain.format === 'raw' };
      await writeQed(file(name), { imageBytes, clusterBytes: 4 * KIB, backing: below });
      chain = qed(file(name), chain);
      const grown = new Uint8Array(imageBytes);
      grown.set(content.subarray(0, imageBytes));
      content = grown;
      const { disk } = await openDisk(chain, { copyOnRead: 'off' });
      const guest = await connect(disk);
      for (let offset = index * 20_000; offset + 9_000 < imageBytes; offset += 150_000) {
        const data = new Uint8Array(9_000).fill(index + 1);
        unwrap(await guest.write(offset, data));
        content.set(data, offset);
      }
      unwrap(await disk.close());
    }
    return { folder, chain, content };
  }

  async function namesOf(top: string): Promise<string[]> {
    const chain = unwrap(await followChain(top, 'qed', systemClock));
    return layersOf(chain).map(({ location }) => path.basename(location));
  }

  it.each([
    { sizes: [MIB, MIB, MIB, MIB] },
    { sizes: [MIB / 2, MIB, MIB, MIB] },
    { sizes: [MIB / 2, MIB, MIB, 2 * MIB] },
    { sizes: [MIB / 2 + 512, MIB - 512, MIB + 512, MIB] },
    { sizes: [MIB / 2, MIB, 2 * MIB, MIB] },
    { sizes: [4 * MIB, MIB, 2 * MIB, MIB] },
  ] as const)('leaves the content as it was over layers of $sizes bytes', async ({ sizes }) => {
    const { folder, chain, content } = await layered(sizes);
    const top = path.join(folder, 'top.qed');
    const { disk, told } = await openDisk(chain, { copyOnRead: 'off' });
    expect(firstDifference(await contentOf(disk), content)).toBeNull();

    unwrap(await disk.startStream({ ...STREAM, jobId: 'to-1', baseLayer: 2 }));
    await told.status('null');
    expect(await namesOf(top)).toEqual(['top.qed', '1.qed', 'base.raw']);
    fs.renameSync(path.join(folder, '2.qed'), path.join(folder, 'unused'));
    expect(firstDifference(await contentOf(disk), content)).toBeNull();
    unwrap(await disk.close());

    const followed = unwrap(await followChain(top, 'qed', systemClock));
    const { disk: again, told: toldAgain } = await openDisk(followed, { copyOnRead: 'off' });
    unwrap(await again.startStream({ ...STREAM, baseLayer: 2 }));
    await toldAgain.status('null');
    expect(await namesOf(top)).toEqual(['top.qed', 'base.raw']);
    expect(firstDifference(await contentOf(again), content)).toBeNull();
    unwrap(await again.startStream(STREAM));
    await toldAgain.until(
      (event) =>
        event.kind === 'job' && event.event.event === 'BLOCK_JOB_COMPLETED' && event !== toldAgain.events[0],
    );
    while (!unwrap(await again.status()).standalone);
    unwrap(await again.close());
    expect(firstDifference(await contentWithoutSource(top), content)).toBeNull();
  });

  it('copies nothing that only the base holds', async () => {
    const { folder, chain } = await layered([8 * MIB, 8 * MIB, 8 * MIB, 8 * MIB]);
    const { disk, told } = await openDisk(chain, { copyOnRead: 'off' });
    const before = fs.statSync(path.join(folder, 'top.qed')).size;
    unwrap(await disk.startStream({ ...STREAM, baseLayer: 3 }));
    await told.status('null');
    unwrap(await disk.close());
    const held = ['1.qed', '2.qed'].reduce((sum, name) => sum + fs.statSync(path.join(folder, name)).size, 0);
    expect(fs.statSync(path.join(folder, 'top.qed')).size - before).toBeLessThan(held);
    expect(await namesOf(path.join(folder, 'top.qed'))).toEqual(['top.qed', 'base.raw']);
  });

  it('can be done step by step while the disk stays open', async () => {
    const { folder, chain, content } = await layered([MIB, MIB, MIB, MIB]);
    const { disk, told } = await openDisk(chain, { copyOnRead: 'off' });
    unwrap(await disk.startStream({ ...STREAM, jobId: 'first', baseLayer: 2 }));
    await told.status('null');
    told.events.length = 0;
    // The layers are counted anew: 1 is `1.qed` now, 2 is `base.raw`.
    unwrap(await disk.startStream({ ...STREAM, jobId: 'second', baseLayer: 2 }));
    await told.status('null');
    expect(await namesOf(path.join(folder, 'top.qed'))).toEqual(['top.qed', 'base.raw']);
    expect(failureOf(await disk.startStream({ ...STREAM, jobId: 'third', baseLayer: 2 }))).toMatchObject({
      code: 'invalid-argument',
    });
    expect(firstDifference(await contentOf(disk), content)).toBeNull();
  });

  it('is refused for a layer that is not there', async () => {
    const { chain, overlay } = await newImages();
    const { disk } = await openDisk(chain);
    for (const baseLayer of [0, 2, -1, 1.5]) {
      expect(failureOf(await disk.startStream({ ...STREAM, baseLayer }))).toEqual({
        code: 'invalid-argument',
        message: `'${overlay}' has no layer ${baseLayer} behind it`,
      });
    }
  });

  it('is refused where a shorter layer hides the end of the base', async () => {
    const { folder, chain } = await layered([2 * MIB, MIB, MIB, 2 * MIB]);
    const { disk, told } = await openDisk(chain, { copyOnRead: 'off' });
    unwrap(await disk.startStream({ ...STREAM, baseLayer: 3 }));
    const ended = await told.job('BLOCK_JOB_COMPLETED');
    expect(JSON.stringify(ended)).toContain('is longer than an image between it and');
    expect(await namesOf(path.join(folder, 'top.qed'))).toEqual(['top.qed', '2.qed', '1.qed', 'base.raw']);
  });
});
