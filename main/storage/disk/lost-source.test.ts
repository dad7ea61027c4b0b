import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import {
  connect,
  contentOf,
  contentWithoutSource,
  failureOf,
  firstDifference,
  MASTER_BYTES,
  newServedImages,
  openDisk,
  STREAM,
} from '../../../test/support/disk-workbench.ts';
import { writeRaw } from '../../../test/support/image-files.ts';

const WAIT = { onSourceLost: 'wait' } as const;

describe('a disk whose source is lost', () => {
  it('lets guest reads wait, says so, and serves them when the source is back', async () => {
    const { chain, content, server } = await newServedImages();
    const { disk, told } = await openDisk(chain, WAIT);
    const guest = await connect(disk);
    unwrap(await guest.readOwned(0, 512));
    await server.drop();
    const reading = guest.readOwned(MIB, 512);
    expect(await told.until(({ kind }) => kind === 'waiting')).toMatchObject({
      waiting: { reads: 1, failure: { code: 'source-unreachable' } },
    });
    expect(unwrap(await guest.readOwned(0, 512))).toEqual(content.subarray(0, 512));
    unwrap(await guest.write(2 * MIB, new Uint8Array(64 * KIB)));
    unwrap(await guest.flush());
    unwrap(await server.restore());
    unwrap(await disk.retryNow());
    expect(unwrap(await reading)).toEqual(content.subarray(MIB, MIB + 512));
    expect(await told.until((event) => event.kind === 'waiting' && event.waiting === null)).toBeDefined();
  });

  it('fails guest reads where tools should know at once', async () => {
    const { chain, content, server } = await newServedImages();
    const { disk, told } = await openDisk(chain);
    const guest = await connect(disk);
    unwrap(await guest.readOwned(0, 512));
    await server.drop();
    expect(failureOf(await guest.readOwned(MIB, 512))).toMatchObject({ code: 'source-unreachable' });
    expect(told.events.filter(({ kind }) => kind === 'waiting')).toEqual([]);
    unwrap(await server.restore());
    expect(unwrap(await guest.readOwned(MIB, 512))).toEqual(content.subarray(MIB, MIB + 512));
  });

  it('lets the job wait, says so, and the job goes on by itself', async () => {
    const { chain, content, overlay, server } = await newServedImages(4 * MIB);
    const { disk, told } = await openDisk(chain, WAIT);
    unwrap(await disk.startStream(STREAM));
    while ((unwrap(await disk.status()).job?.offset ?? 0) === 0);
    await server.drop();
    expect(await told.job('STREAM_SOURCE_LOST')).toMatchObject({
      event: { data: { device: 'stream', failure: { code: 'source-unreachable' } } },
    });
    expect(unwrap(await disk.status()).job?.waitingForSource).toMatchObject({
      failure: { code: 'source-unreachable' },
    });
    unwrap(await server.restore());
    await told.job('STREAM_SOURCE_BACK');
    await told.job('BLOCK_JOB_COMPLETED');
    unwrap(await disk.close());
    expect(firstDifference(await contentWithoutSource(overlay), content)).toBeNull();
  });

  it('ends the job where it was asked to report', async () => {
    const { chain, server } = await newServedImages(4 * MIB);
    const { disk, told } = await openDisk(chain);
    unwrap(await disk.startStream(STREAM));
    await server.drop();
    await told.status('null');
    expect(told.jobEvents).toContain('BLOCK_JOB_ERROR');
    expect(told.events.some((event) => JSON.stringify(event).includes('"error":'))).toBe(true);
    expect(unwrap(await disk.status()).standalone).toBe(false);
  });

  it('starts from what is local, and needs the source only for the rest', async () => {
    const { chain, content, server } = await newServedImages();
    const first = await openDisk(chain, WAIT);
    unwrap(await (await connect(first.disk)).readOwned(0, MIB));
    unwrap(await first.disk.close());
    await server.drop();
    const { disk, told } = await openDisk(chain, WAIT);
    unwrap(await disk.startStream(STREAM));
    expect(
      firstDifference(unwrap(await (await connect(disk)).readOwned(0, MIB)), content.subarray(0, MIB)),
    ).toBe(null);
    await told.job('STREAM_SOURCE_LOST');
    unwrap(await server.restore());
    unwrap(await disk.retryNow());
    await told.job('BLOCK_JOB_COMPLETED');
    expect(firstDifference(await contentOf(disk), content)).toBeNull();
  });

  it.each(['refuses connections', 'says nothing'])(
    'can be closed while reads and the job wait for a source that %s',
    async (how) => {
      const { chain, overlay, content, server } = await newServedImages();
      const { disk, told } = await openDisk(chain, WAIT);
      const guest = await connect(disk);
      unwrap(await guest.readOwned(0, 512));
      if (how === 'says nothing') server.pause();
      else await server.drop();
      const reading = guest.readOwned(MIB, 512);
      unwrap(await disk.startStream(STREAM));
      if (how !== 'says nothing') await told.until(({ kind }) => kind === 'waiting');
      unwrap(await disk.close());
      expect((await reading).ok).toBe(false);
      if (how === 'says nothing') server.resume();
      else unwrap(await server.restore());
      const again = await openDisk(chain, WAIT);
      expect(firstDifference(await contentOf(again.disk), content)).toBeNull();
      expect(fs.existsSync(overlay)).toBe(true);
    },
  );

  it('notices that the source has changed, and mixes nothing of it in', async () => {
    const { chain, content, master } = await newServedImages();
    const { disk, told } = await openDisk(chain, WAIT);
    const guest = await connect(disk);
    unwrap(await guest.readOwned(0, MIB));
    writeRaw(master, MASTER_BYTES, 2);
    const reading = guest.readOwned(2 * MIB, 512);
    expect(await told.until(({ kind }) => kind === 'waiting')).toMatchObject({
      waiting: { failure: { code: 'source-changed' } },
    });
    unwrap(await disk.startStream(STREAM));
    expect(await told.job('STREAM_SOURCE_LOST')).toMatchObject({
      event: { data: { failure: { code: 'source-changed' } } },
    });
    expect(firstDifference(unwrap(await guest.readOwned(0, MIB)), content.subarray(0, MIB))).toBeNull();
    unwrap(await disk.close());
    expect(failureOf(await reading)).not.toBeNull();
  });
});
