import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import { connect, MASTER_BYTES, openDisk, qed, STREAM } from '../../../test/support/disk-workbench.ts';
import { writeQed } from '../../../test/support/image-files.ts';
import { newPackedImages } from '../../../test/support/packed-master.ts';

const RANGES = [
  { offset: MIB, length: 100 * KIB },
  { offset: 0, length: 4 * KIB },
  { offset: 3 * MIB + 512, length: 70 * KIB },
];

describe('overlays linked to one copy of a master with a boot pack', () => {
  it('start from the pack beside the copy, which comes once for all of them', async () => {
    const images = await newPackedImages(RANGES);
    const copy = await openDisk(images.chain, { onSourceLost: 'wait' });
    const overlays = ['one', 'other'].map((name) => path.join(images.folder, `${name}.qed`));
    for (const overlay of overlays) {
      const name = path.basename(images.overlay);
      await writeQed(overlay, { imageBytes: MASTER_BYTES, backing: { name, raw: false } });
      const served = unwrap(await copy.disk.connect('read'));
      const chain = qed(overlay, { ...qed(images.overlay, null), served });
      const { disk } = await openDisk(chain, { copyOnRead: 'off', onSourceLost: 'wait' });
      const guest = await connect(disk);
      for (const { offset, length } of RANGES) {
        expect(unwrap(await guest.readOwned(offset, length))).toEqual(
          images.content.subarray(offset, offset + length),
        );
      }
      unwrap(await disk.close());
    }
    expect(images.sent.disk.fetchedBytes).toBe(0);
    expect(images.sent.pack.sentAgain).toBeNull();
    expect(fs.existsSync(`${images.overlay}.pack`)).toBe(true);
    unwrap(await copy.disk.startStream(STREAM));
    await copy.told.job('BLOCK_JOB_COMPLETED');
    for (const range of RANGES) images.sent.disk.note({ method: 'GET', path: '', status: 206, range });
    expect(images.sent.disk.sentAgain).toBeNull();
    expect(fs.readdirSync(images.folder).filter((name) => name.endsWith('.pack'))).toEqual([]);
  });
});
