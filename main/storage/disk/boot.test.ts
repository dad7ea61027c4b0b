import { describe, expect, it } from 'vitest';
import { unwrap } from '../../../shared/result.ts';
import { KIB } from '../../../shared/units.ts';
import {
  CLUSTER_BYTES,
  connect,
  MASTER_BYTES,
  newImages,
  newServedImages,
  openDisk,
  STREAM,
} from '../../../test/support/disk-workbench.ts';
import { mapImage } from '../overlays/cluster-map.ts';

const CLUSTERS = MASTER_BYTES / CLUSTER_BYTES;

describe('the boot of a guest', () => {
  it('is recorded: what it reads of its source, in order, until its login prompt is seen', async () => {
    const { chain } = await newImages();
    const { disk, told } = await openDisk(chain);
    unwrap(await disk.recordBoot());
    const guest = await connect(disk);
    unwrap(await guest.write(0, new Uint8Array(4 * KIB)));
    for (const offset of [1024 * KIB, 0, 64 * KIB]) unwrap(await guest.readOwned(offset, 8 * KIB));
    unwrap(await disk.bootEnded());
    unwrap(await guest.readOwned(2048 * KIB, 4 * KIB));
    const recorded = await told.until(({ kind }) => kind === 'boot-recorded');
    expect(recorded).toEqual({
      kind: 'boot-recorded',
      end: 'login',
      ranges: [
        { offset: 1024 * KIB, length: 8 * KIB },
        { offset: 4 * KIB, length: 4 * KIB },
        { offset: 64 * KIB, length: 8 * KIB },
      ],
    });
  });

  it('is not recorded without being asked for', async () => {
    const { chain } = await newImages();
    const { disk, told } = await openDisk(chain);
    const guest = await connect(disk);
    unwrap(await guest.readOwned(0, 4 * KIB));
    unwrap(await disk.bootEnded());
    unwrap(await disk.close());
    expect(told.events).toEqual([]);
  });

  it('comes first when its profile is known, in its order, then the rest', async () => {
    const { chain, overlay, server } = await newServedImages();
    const profile = [CLUSTERS - 1, 40, 20].map((cluster) => ({
      offset: cluster * CLUSTER_BYTES,
      length: 512,
    }));
    const { disk, told } = await openDisk(chain, { bootProfile: profile });
    const before = server.statistics().bytesSent;
    // A request takes a second's worth: three go out, and the next waits.
    unwrap(await disk.startStream({ ...STREAM, speed: CLUSTER_BYTES }));
    await told.status('running');
    while (server.statistics().bytesSent - before < 3 * CLUSTER_BYTES) await disk.status();
    unwrap(await disk.controlJob('stream', 'pause'));
    await told.status('paused');
    unwrap(await disk.close());
    const map = unwrap(await mapImage(overlay, CLUSTERS, MASTER_BYTES));
    const local = map.flatMap(({ missing }, cluster) => (missing === 0 ? [cluster] : []));
    expect(local).toEqual(expect.arrayContaining([20, 40, CLUSTERS - 1]));
    expect(local.length).toBeLessThanOrEqual(4);
  });
});

describe('what goes on in an open disk', () => {
  it('shows where a guest waited for its source', async () => {
    const { chain } = await newServedImages();
    const { disk } = await openDisk(chain);
    const guest = await connect(disk);
    unwrap(await guest.readOwned(40 * CLUSTER_BYTES, 512));
    const { demanded } = unwrap(await disk.activity(CLUSTERS));
    expect(demanded.flatMap((share, cluster) => (share > 0 ? [cluster] : []))).toEqual([40]);
  });

  it('shows what is being fetched, while it is', async () => {
    const { chain } = await newServedImages(64 * KIB);
    const { disk } = await openDisk(chain);
    unwrap(await disk.startStream(STREAM));
    const filling = async () => unwrap(await disk.activity(CLUSTERS)).filling.some((share) => share > 0);
    while (!(await filling()));
    unwrap(await disk.controlJob('stream', 'force-cancel'));
    while (await filling());
    expect(unwrap(await disk.status()).standalone).toBe(false);
  });
});
