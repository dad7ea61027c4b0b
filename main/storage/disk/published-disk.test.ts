import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { MASTER_FILES } from '../../../shared/master-files.ts';
import { bootProfileOf } from '../../../shared/boot-profile.ts';
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
  openDisk,
  STREAM,
} from '../../../test/support/disk-workbench.ts';
import { MASTER_BYTES, newMirroredImages, spoil } from '../../../test/support/published-master.ts';
import { sha256 } from '../../block/manifest/digest.ts';
import { openChain } from '../chain/open.ts';
import { publishedLayer } from '../chain/published-master.ts';
import { fetchBootProfile } from '../chain/published-boot.ts';
import { mapImage } from '../overlays/cluster-map.ts';

const WAIT = { onSourceLost: 'wait' } as const;

describe('a disk over a published master', () => {
  it('streams in from several sources until it stands alone', async () => {
    const { chain, content, overlay, servers } = await newMirroredImages(2);
    const { disk, told } = await openDisk(chain);
    unwrap(await disk.startStream(STREAM));
    await told.job('BLOCK_JOB_COMPLETED');
    unwrap(await disk.close());
    expect(firstDifference(await contentWithoutSource(overlay), content)).toBeNull();
    expect(servers[0]?.statistics().bytesSent).toBeGreaterThan(0);
  });

  it('serves its guest from the source that is left, without a pause', async () => {
    const { chain, content, servers } = await newMirroredImages(2);
    const { disk, told } = await openDisk(chain, WAIT);
    const guest = await connect(disk);
    expect(unwrap(await guest.readOwned(0, 4096))).toEqual(content.subarray(0, 4096));
    await servers[0]?.drop();
    expect(unwrap(await guest.readOwned(MIB, 4096))).toEqual(content.subarray(MIB, MIB + 4096));
    expect(told.events).toEqual([]);
  });

  it('takes no wrong byte, neither for its guest nor into its image, and tells of it', async () => {
    const { chain, content, overlay, folders } = await newMirroredImages(2);
    spoil(folders[0] ?? '', 2 * MIB + 5);
    spoil(folders[0] ?? '', 3 * MIB);
    const { disk, told } = await openDisk(chain);
    const guest = await connect(disk);
    expect(unwrap(await guest.readOwned(2 * MIB, 512))).toEqual(content.subarray(2 * MIB, 2 * MIB + 512));
    expect(await told.until(({ kind }) => kind === 'wrong-bytes')).toMatchObject({
      wrong: { file: 'disk.raw', offset: 2 * MIB },
    });
    unwrap(await disk.startStream(STREAM));
    await told.job('BLOCK_JOB_COMPLETED');
    unwrap(await disk.close());
    expect(firstDifference(await contentWithoutSource(overlay), content)).toBeNull();
  });

  it('knows how each of its sources does, whichever of its threads found out', async () => {
    const { chain, folders, servers } = await newMirroredImages(3);
    spoil(folders[0] ?? '', 0);
    await servers[1]?.drop();
    const { disk, told } = await openDisk(chain, WAIT);
    const guest = await connect(disk);
    unwrap(await guest.readOwned(0, 4096));
    expect(unwrap(await disk.status()).mirrors).toMatchObject([
      { name: servers[0]?.url, wrongAnswers: 1, fault: { kind: 'wrong-bytes' } },
      { name: servers[1]?.url, broughtBytes: 0, fault: { kind: 'failed' } },
      { name: servers[2]?.url, wrongAnswers: 0, fault: null },
    ]);
    unwrap(await disk.startStream(STREAM));
    await told.job('BLOCK_JOB_COMPLETED');
    const broughtBytes = async () =>
      unwrap(await disk.status()).mirrors.reduce((sum, mirror) => sum + mirror.broughtBytes, 0);
    // The thread that copies tells what it knew when it was asked before.
    await vi.waitUntil(async () => (await broughtBytes()) > MASTER_BYTES / 2);
    unwrap(await disk.close());
  });

  it('waits when its only source was changed, says why, and goes on when the master is back', async () => {
    const { chain, content, overlay, folders, servers } = await newMirroredImages(1);
    const { disk, told } = await openDisk(chain, WAIT);
    const guest = await connect(disk);
    unwrap(await guest.readOwned(0, 4096));
    spoil(folders[0] ?? '', MIB, 64 * KIB);
    const reading = guest.readOwned(MIB, 4096);
    expect(await told.until(({ kind }) => kind === 'waiting')).toMatchObject({
      waiting: {
        reads: 1,
        failure: {
          code: 'source-changed',
          message: `${servers[0]?.url ?? ''}disk.raw: the 65536 bytes at 1048576 are not those of the master (wrong SHA-256)`,
        },
      },
    });
    unwrap(await disk.startStream(STREAM));
    expect(await told.job('STREAM_SOURCE_LOST')).toMatchObject({
      event: { data: { failure: { code: 'source-changed' } } },
    });
    spoil(folders[0] ?? '', MIB, 64 * KIB);
    unwrap(await disk.retryNow());
    expect(unwrap(await reading)).toEqual(content.subarray(MIB, MIB + 4096));
    await told.job('BLOCK_JOB_COMPLETED');
    unwrap(await disk.close());
    expect(firstDifference(await contentWithoutSource(overlay), content)).toBeNull();
  });

  it('waits when the master has vanished, and goes on when it is put back', async () => {
    const { chain, content, folders } = await newMirroredImages(1);
    const { disk, told } = await openDisk(chain, WAIT);
    const guest = await connect(disk);
    unwrap(await guest.readOwned(0, 4096));
    const file = path.join(folders[0] ?? '', MASTER_FILES.disk);
    fs.renameSync(file, `${file}.away`);
    const reading = guest.readOwned(MIB, 4096);
    expect(await told.until(({ kind }) => kind === 'waiting')).toMatchObject({
      waiting: { failure: { code: 'source-changed' } },
    });
    // Whoever puts it back may give it another date, and so another tag.
    fs.writeFileSync(file, content);
    unwrap(await disk.retryNow());
    expect(unwrap(await reading)).toEqual(content.subarray(MIB, MIB + 4096));
  });

  it('starts without any source, from what is local', async () => {
    const { chain, content, servers } = await newMirroredImages(2);
    const first = await openDisk(chain, WAIT);
    const guest = await connect(first.disk);
    unwrap(await guest.readOwned(0, 4096));
    unwrap(await first.disk.close());
    for (const server of servers) await server.drop();
    const { disk } = await openDisk(chain, WAIT);
    expect(unwrap(await (await connect(disk)).readOwned(0, 4096))).toEqual(content.subarray(0, 4096));
  });

  it('fails where its reader wants to know at once', async () => {
    const { chain, folders } = await newMirroredImages(1);
    spoil(folders[0] ?? '', MIB);
    const { disk } = await openDisk(chain);
    expect(failureOf(await (await connect(disk)).readOwned(MIB, 512))).toMatchObject({
      code: 'source-changed',
    });
  });

  it('reads a folder of this computer as it reads a server', async () => {
    const { chain, content, published, folders } = await newMirroredImages(1);
    const local = { ...chain, backing: publishedLayer({ ...published, sources: [...folders] }) };
    const { disk } = await openDisk(local, { copyOnRead: 'off', readOnly: true });
    expect(firstDifference(await contentOf(disk), content)).toBeNull();
    spoil(folders[0] ?? '', MIB);
    expect(failureOf(await (await connect(disk)).readOwned(MIB, 512))).toMatchObject({
      code: 'source-changed',
    });
  });
});

describe('the boot of a published master', () => {
  /** Publishes what a boot reads of the master in a folder. */
  async function recorded(clusters: readonly number[]) {
    const images = await newMirroredImages(1);
    const [folder = ''] = images.folders;
    const ranges = clusters.map((cluster) => ({ offset: cluster * CLUSTER_BYTES, length: 512 }));
    const text = JSON.stringify(bootProfileOf(ranges));
    fs.writeFileSync(path.join(folder, MASTER_FILES.bootProfile), text);
    const bootProfile = {
      sha256: sha256(Buffer.from(text)).toString('hex'),
      lengthBytes: text.length,
      bootBytes: 512 * ranges.length,
    };
    const description = { ...images.published.description, bootProfile };
    const published = { ...images.published, description };
    return { ...images, folder, published, chain: { ...images.chain, backing: publishedLayer(published) } };
  }

  it('comes first where nothing else is known of it', async () => {
    const { chain, overlay } = await recorded([60, 40, 20]);
    const { disk, told } = await openDisk(chain);
    // A request takes a second's worth.
    unwrap(await disk.startStream({ ...STREAM, speed: CLUSTER_BYTES }));
    const local = async () => {
      const map = unwrap(await mapImage(overlay, 64, MASTER_BYTES));
      return map.flatMap(({ missing }, cluster) => (missing === 0 ? [cluster] : []));
    };
    await expect
      .poll(async () => unwrap(await disk.status()).job?.offset, { timeout: 15_000 })
      .toBeGreaterThan(3 * CLUSTER_BYTES);
    unwrap(await disk.controlJob('stream', 'pause'));
    await told.status('paused');
    unwrap(await disk.close());
    expect(await local()).toEqual(expect.arrayContaining([20, 40, 60]));
  });

  it('is not followed when it is not the one described', async () => {
    const { folder, published } = await recorded([1]);
    expect(unwrap(await fetchBootProfile(published, systemClock))).toEqual([
      { offset: CLUSTER_BYTES, length: 512 },
    ]);
    const file = path.join(folder, MASTER_FILES.bootProfile);
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('512', '513'));
    expect(await fetchBootProfile(published, systemClock)).toMatchObject({
      failure: { code: 'source-changed' },
    });
    const { bootProfile, ...without } = published.description;
    expect(bootProfile).toBeDefined();
    expect(unwrap(await fetchBootProfile({ ...published, description: without }, systemClock))).toBeNull();
  });
});

describe('a published master itself', () => {
  it('can be read, and not written', async () => {
    const { published, content } = await newMirroredImages(1);
    const layer = publishedLayer(published);
    const opened = unwrap(await openChain(layer, { clock: systemClock, readOnly: true }));
    const bytes = new Uint8Array(512);
    unwrap(await opened.read(MIB, bytes));
    expect(bytes).toEqual(content.subarray(MIB, MIB + 512));
    unwrap(await opened.close());
    expect(await openChain(layer, { clock: systemClock, readOnly: false })).toMatchObject({
      failure: { code: 'read-only' },
    });
  });

  it.each([
    ['an address with a query', 'http://h/x/?signature=1'],
    ['an address without a host', 'http://'],
  ])('may not lie at %s', async (_what, source) => {
    const { published } = await newMirroredImages(1);
    const layer = publishedLayer({ ...published, sources: [source] });
    expect(await openChain(layer, { clock: systemClock, readOnly: true })).toMatchObject({
      failure: { code: 'invalid-argument' },
    });
  });
});
