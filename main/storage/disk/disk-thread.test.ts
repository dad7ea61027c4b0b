import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { DONE, unwrap } from '../../../shared/result.ts';
import { KIB } from '../../../shared/units.ts';
import {
  connect,
  contentOf,
  contentWithoutSource,
  failureOf,
  firstDifference,
  MASTER_BYTES,
  newImages,
  openDisk,
  qed,
  raw,
  specOf,
  STREAM,
} from '../../../test/support/disk-workbench.ts';
import { writeQed } from '../../../test/support/image-files.ts';
import type { ImageChain } from '../chain/image-chain.ts';
import { DiskThread } from './disk-thread.ts';

describe('a disk in a thread of its own', () => {
  it('reads, writes and flushes through any number of ports', async () => {
    const { chain, content, overlay } = await newImages();
    const { disk } = await openDisk(chain);
    const [one, other] = [await connect(disk), await connect(disk)];
    expect(one).toMatchObject({ name: overlay, lengthBytes: MASTER_BYTES, readOnly: false, remote: false });
    const data = new Uint8Array(100 * KIB).fill(7);
    unwrap(await one.write(12_345, data));
    content.set(data, 12_345);
    expect(firstDifference(unwrap(await other.readOwned(0, MASTER_BYTES)), content)).toBeNull();
    unwrap(await one.flush());
    unwrap(await one.close());
    expect(unwrap(await other.readOwned(12_345, 10))).toEqual(data.subarray(0, 10));
    unwrap(await disk.close());
    await other.disconnected;
    const { disk: again } = await openDisk(chain);
    expect(firstDifference(await contentOf(again), content)).toBeNull();
  });

  it('counts what the guest does, and what of it was not local', async () => {
    const { chain } = await newImages();
    const { disk } = await openDisk(chain);
    const guest = await connect(disk);
    for (let i = 0; i < 2; i++) unwrap(await guest.readOwned(0, 1024));
    unwrap(await guest.write(0, new Uint8Array(512)));
    expect(unwrap(await disk.status())).toMatchObject({
      lengthBytes: MASTER_BYTES,
      standalone: false,
      flags: { copyOnRead: false, stream: false },
      guest: { reads: 2, readBytes: 2048, missedReads: 1, writes: 1, writtenBytes: 512 },
      job: null,
    });
  });

  it('keeps what the guest reads where copy-on-read is on, by the image or by the opener', async () => {
    const cases = [
      { flag: false, copyOnRead: 'on', keeps: true },
      { flag: false, copyOnRead: 'image', keeps: false },
      { flag: true, copyOnRead: 'image', keeps: true },
      { flag: true, copyOnRead: 'off', keeps: false },
    ] as const;
    for (const { flag, copyOnRead, keeps } of cases) {
      const { chain, overlay } = await newImages({ copyOnRead: flag });
      const before = fs.statSync(overlay).size;
      const { disk } = await openDisk(chain, { copyOnRead });
      await contentOf(disk);
      unwrap(await disk.close());
      expect(fs.statSync(overlay).size > before, `${flag} ${copyOnRead}`).toBe(keeps);
    }
  });

  it('opens raw disks too, and has nothing to stream into them', async () => {
    const { master, content } = await newImages();
    const { disk } = await openDisk(raw(master));
    expect(firstDifference(await contentOf(disk), content)).toBeNull();
    expect(unwrap(await disk.status())).toMatchObject({ standalone: true });
    expect(failureOf(await disk.startStream(STREAM))).toEqual({
      code: 'unsupported',
      message: `'${master}' is a raw image: there is nothing to stream into it`,
    });
  });

  it('writes nothing when it is opened for reading', async () => {
    const { chain, folder } = await newImages();
    const { disk } = await openDisk(chain, { readOnly: true });
    const guest = await connect(disk);
    expect(guest.readOnly).toBe(true);
    expect(failureOf(await guest.write(0, new Uint8Array(512)))).toMatchObject({ code: 'read-only' });
    expect(failureOf(await disk.startStream(STREAM))).toMatchObject({ code: 'read-only' });
    unwrap(await guest.readOwned(0, 512));
    expect(fs.readdirSync(folder).sort()).toEqual(['master.raw', 'overlay.qed']);
  });

  it('answers everything with "closed" once it is closed, and closing again is harmless', async () => {
    const { chain } = await newImages();
    const { disk } = await openDisk(chain);
    const guest = await connect(disk);
    unwrap(await disk.close());
    expect(await disk.close()).toEqual(DONE);
    for (const result of [
      await disk.status(),
      await disk.connect(),
      await disk.startStream(STREAM),
      await guest.flush(),
    ]) {
      expect(failureOf(result)).toMatchObject({ code: 'closed' });
    }
  });

  it('tells when its thread has crashed', async () => {
    const { chain } = await newImages();
    const { disk } = await openDisk(chain);
    const guest = await connect(disk);
    const nonsense = null as unknown as typeof STREAM;
    expect(failureOf(await disk.startStream(nonsense))).toEqual({
      code: 'closed',
      message: expect.stringContaining('The thread of the disk failed: ') as string,
    });
    await guest.disconnected;
    expect(failureOf(await guest.readOwned(0, 512))).toMatchObject({ code: 'closed' });
    expect(failureOf(await disk.status())).toMatchObject({ code: 'closed' });
    expect(failureOf(await disk.close())).toMatchObject({ code: 'closed' });
  });
});

describe('a disk that cannot be opened', () => {
  const failureOfOpening = async (chain: ImageChain) => failureOf(await DiskThread.open(specOf(chain)));

  it('says what is missing', async () => {
    const { overlay, folder } = await newImages();
    const gone = path.join(folder, 'gone');
    const missing = { code: 'not-found', errno: 'ENOENT' };
    expect(await failureOfOpening(qed(gone, null))).toMatchObject({
      ...missing,
      message: `Could not open '${gone}': No such file or directory`,
    });
    expect(await failureOfOpening(qed(overlay, raw(gone)))).toMatchObject({
      ...missing,
      message: `Could not open backing file: Could not open '${gone}': No such file or directory`,
    });
  });

  it('says what is no QED image', async () => {
    const { master } = await newImages();
    expect(await failureOfOpening(qed(master, null))).toMatchObject({ code: 'malformed' });
  });

  it('says who has it open', async () => {
    const { chain, overlay } = await newImages();
    await openDisk(chain);
    expect(await failureOfOpening(chain)).toMatchObject({
      code: 'busy',
      message: `'${overlay}' is already open for writing in this program; close it there first`,
    });
  });

  it('says that a source does not answer, unless it may wait for it', async () => {
    const { overlay } = await newImages();
    const chain = qed(overlay, raw('http://127.0.0.1:1/master.raw'));
    expect(await failureOfOpening(chain)).toMatchObject({ code: 'source-unreachable' });
    const { disk } = await openDisk(chain, { onSourceLost: 'wait' });
    unwrap(await disk.close());
  });

  it('is not opened without a backing file it needs, however deep in the chain', async () => {
    const { overlay, folder } = await newImages();
    const top = path.join(folder, 'top.qed');
    await writeQed(top, { imageBytes: MASTER_BYTES, backing: { name: 'overlay.qed', raw: false } });
    const failure = {
      code: 'invalid-argument',
      message: `'${overlay}' still needs its backing file ('master.raw'), which was not given`,
    };
    expect(await failureOfOpening(qed(overlay, null))).toEqual(failure);
    expect(await failureOfOpening(qed(top, qed(overlay, null)))).toEqual(failure);
  });

  it('leaves no lock, so that it can be opened when the reason is gone', async () => {
    const { chain, master, folder, overlay } = await newImages();
    fs.renameSync(master, `${master}.away`);
    expect(await failureOfOpening(chain)).toMatchObject({ code: 'not-found' });
    expect(await failureOfOpening(qed(overlay, null))).toMatchObject({ code: 'invalid-argument' });
    expect(fs.readdirSync(folder).sort()).toEqual(['master.raw.away', 'overlay.qed']);
    fs.renameSync(`${master}.away`, master);
    unwrap(await (await openDisk(chain)).disk.close());
  });

  it('reports a crash of its thread while opening', async () => {
    const { chain } = await newImages();
    const globalLimit = new SharedArrayBuffer(3); // no memory of a bucket
    expect(failureOf(await DiskThread.open(specOf(chain, { globalLimit })))).toMatchObject({
      code: 'closed',
    });
    unwrap(await (await openDisk(chain)).disk.close());
  });
});

describe('a finished overlay', () => {
  it('is read without any source', async () => {
    const { chain, content, overlay, master } = await newImages();
    const { disk, told } = await openDisk(chain);
    unwrap(await disk.startStream(STREAM));
    await told.job('BLOCK_JOB_COMPLETED');
    expect(unwrap(await disk.status()).standalone).toBe(true);
    fs.rmSync(master);
    expect(firstDifference(await contentOf(disk), content)).toBeNull();
    unwrap(await disk.close());
    expect(firstDifference(await contentWithoutSource(overlay), content)).toBeNull();
  });
});
