import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { unwrap } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import {
  connect,
  contentWithoutSource,
  firstDifference,
  MASTER_BYTES,
  newImages,
  openDisk,
  qed,
  raw,
  STREAM,
} from '../../../test/support/disk-workbench.ts';
import { serveNbd } from '../../../test/support/nbd-served.ts';
import { WatchedDevice } from '../../../test/support/watched-device.ts';
import { followChain } from './follow.ts';
import { resolveBacking } from './location.ts';
import { openChain } from './open.ts';

async function onExport() {
  const images = await newImages();
  const master = new WatchedDevice(MASTER_BYTES);
  master.bytes = new Uint8Array(fs.readFileSync(images.master));
  const served = await serveNbd([{ name: 'master', device: master }]);
  return { ...images, ...served, disk: master, chain: qed(images.overlay, raw(served.uri('master'))) };
}

describe('a master behind an NBD address', () => {
  it('is read, copied in, and streamed by the threads of a disk', async () => {
    const { chain, content, overlay, server } = await onExport();
    const { disk, told } = await openDisk(chain);
    const guest = await connect(disk);
    expect(
      firstDifference(unwrap(await guest.readOwned(MIB, MIB)), content.subarray(MIB, 2 * MIB)),
    ).toBeNull();
    unwrap(await disk.startStream(STREAM));
    await told.job('BLOCK_JOB_COMPLETED');
    expect(unwrap(await disk.status())).toMatchObject({ standalone: true });
    unwrap(await disk.close());
    await server.close();
    expect(firstDifference(await contentWithoutSource(overlay), content)).toBeNull();
  });

  it('has what is known to be zero neither read nor copied', async () => {
    const { chain, disk: master, content } = await onExport();
    master.bytes.fill(0, MIB, 3 * MIB);
    content.fill(0, MIB, 3 * MIB);
    master.kindAt = (offset) => (offset >= MIB && offset < 3 * MIB ? 'zero' : 'data');
    const { disk, told } = await openDisk(chain);
    unwrap(await disk.startStream(STREAM));
    await told.job('BLOCK_JOB_COMPLETED');
    const readBytes = master.log
      .map((entry) => Number(/^read \d+\+(\d+)/.exec(entry)?.[1] ?? 0))
      .reduce((sum, bytes) => sum + bytes, 0);
    expect(readBytes).toBe(MASTER_BYTES - 2 * MIB);
    unwrap(await disk.close());
    expect(firstDifference(await contentWithoutSource(chain.location), content)).toBeNull();
  });

  it('that has another size than before is refused', async () => {
    const { chain, server, socket } = await onExport();
    const { disk } = await openDisk(chain);
    const guest = await connect(disk);
    unwrap(await guest.readOwned(0, 512));
    await server.close();
    const other = await serveNbd([{ name: 'master', device: new WatchedDevice(2 * MASTER_BYTES) }]);
    unwrap(await other.server.listen({ kind: 'unix', path: socket }));
    expect(await guest.readOwned(2 * MIB, 512)).toMatchObject({ failure: { code: 'source-changed' } });
  });

  it('may be named in the header of an overlay, and found from there', async () => {
    const { overlay, uri } = await onExport();
    const device = unwrap(
      await openChain(qed(overlay, raw(uri('master'))), { clock: systemClock, readOnly: false }),
    );
    unwrap(await device.close());
    expect(resolveBacking('/images/a.qed', uri('master'))).toBe(uri('master'));
    expect(unwrap(await followChain(uri('master'), 'raw', systemClock))).toMatchObject({ backing: null });
  });
});
