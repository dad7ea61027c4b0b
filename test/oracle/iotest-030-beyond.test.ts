/**
 * What QEMU's test of streaming (`iotest-030.test.ts`) does not look at:
 *
 * | not covered by 030                    | shown here or in                                                          |
 * |---------------------------------------|---------------------------------------------------------------------------|
 * | a crash at each write                 | here: power lost at every operation of a job. At random moments of a busy |
 * |                                       | disk: `test/crash/power-cuts`; processes killed: `test/crash/kill-stream` |
 * | guest writes racing a stream          | `main/streaming/simulation` (every byte, simulated races, also on QED),   |
 * |                                       | `test/crash/kill-stream` (real threads); here: above a job further down   |
 * | zero clusters stay small              | here                                                                      |
 * | a resumed job reads only the rest     | here, in bytes; over HTTP and across kills: `test/crash/kill-stream`      |
 * | set-speed really limits               | here, on files; at once, up and down: `main/streaming/job/stream-job`     |
 * | the backing file is not needed after  | here: it is gone before the event `BLOCK_JOB_COMPLETED` has been heard    |
 * | COMPLETED                             |                                                                           |
 * | sizes that are not cluster multiples  | here                                                                      |
 * | flags on disk before and after        | here; every header field: `main/qed/image`                                |
 */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock, sleep } from '../../shared/clock.ts';
import { unwrap } from '../../shared/result.ts';
import { KIB, MIB } from '../../shared/units.ts';
import { MemoryDevice } from '../support/memory-device.ts';
import { checkQed } from '../../main/qed/check.ts';
import { QedDevice } from '../../main/qed/device.ts';
import { QedImage } from '../../main/qed/image.ts';
import { StreamJob } from '../../main/streaming/job/stream-job.ts';
import { overlayTarget } from '../../main/streaming/job/stream-target.ts';
import { FixedWindow } from '../support/fixed-window.ts';
import { MemoryFile } from '../support/memory-file.ts';
import { createdFile, pattern, readAll } from '../support/qed-disk.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';
import type { SparseBytes } from '../support/sparse-bytes.ts';
import { tempFolder } from '../support/temp-folder.ts';
import {
  Chain,
  checkImage,
  expectSameContent,
  headwaterImage,
  qemuImg,
  qemuIo,
  StreamedDisk,
} from './iotest-030-chain.ts';
import { FilesFixture } from './iotest-030-files.ts';

function jobOn(device: QedDevice, clock: SimulatedClock, speed = 0): StreamJob {
  const target = unwrap(overlayTarget(device));
  const job = new StreamJob({ id: 'job', clock, target, speed, window: new FixedWindow(128 * KIB, 2) });
  job.start();
  return job;
}

describe('a stream job whose machine loses power', () => {
  const CLUSTER = 4 * KIB;
  const CLUSTERS = 80;
  const CUTS_PER_MOMENT = 3;

  /** Every seventh cluster of the source is zero. */
  function source(): Uint8Array {
    const bytes = pattern(CLUSTERS * CLUSTER, 9);
    for (let n = 0; n < CLUSTERS; n += 7) bytes.fill(0, n * CLUSTER, (n + 1) * CLUSTER);
    return bytes;
  }

  async function open(file: MemoryFile, clock: SimulatedClock): Promise<QedDevice> {
    const image = unwrap(await QedImage.open(file, { clock, commitDelayMs: 5 }));
    return new QedDevice(image, image.backing === null ? null : MemoryDevice.of(source()));
  }

  it('has a disk with the right content at every operation, and goes on from there', async () => {
    const clock = new SimulatedClock();
    const random = new SeededRandom(30);
    const left: { bytes: SparseBytes; completed: boolean }[] = [];
    let job: StreamJob | null = null;
    const created = await createdFile({
      imageBytes: CLUSTERS * CLUSTER,
      clusterBytes: CLUSTER,
      tableClusters: 1,
      backing: { name: 'base.raw', raw: true },
    });
    const cut = () => {
      const completed = job?.status === 'null';
      for (let n = 0; n < CUTS_PER_MOMENT; n++) left.push({ bytes: file.afterPowerCut(random), completed });
      return null;
    };
    // A millisecond per operation, so that groups are committed in the middle.
    const file: MemoryFile = created.reopened({
      before: async () => {
        await clock.delay(1);
        return cut();
      },
      after: () => void cut(),
    });
    const device = await clock.run(open(file, clock));
    left.length = 0;
    job = jobOn(device, clock);
    expect(await clock.run(job.done)).toEqual({ kind: 'completed' });
    cut();
    unwrap(await clock.run(device.close()));

    const standalone: boolean[] = [];
    for (const [moment, { bytes, completed }] of left.entries()) {
      const after = new MemoryFile(bytes);
      expect(unwrap(await checkQed(after, 'none')), `cut ${moment}`).toMatchObject({ corruptions: 0 });
      const resumed = await open(after, clock);
      standalone.push(resumed.backing === null);
      if (completed) expect(resumed.backing, `cut ${moment}`).toBeNull();
      expect(Buffer.compare(await readAll(resumed), source()), `cut ${moment}`).toBe(0);
      expect(await clock.run(jobOn(resumed, clock).done)).toEqual({ kind: 'completed' });
      unwrap(await clock.run(resumed.close()));
      const whole = await open(after.reopen(), clock);
      expect(whole.backing).toBeNull();
      expect(Buffer.compare(await readAll(whole), source()), `cut ${moment}`).toBe(0);
      unwrap(await whole.close());
    }
    expect(left.length).toBeGreaterThan(100);
    expect(new Set(standalone)).toEqual(new Set([false, true]));
  });
});

describe('a stream job and what it costs', () => {
  it('gives clusters of zeroes no space', async () => {
    const chain = Chain.create(2, 64 * MIB, { 0: ['write -P 1 3M 64k', 'write -P 2 40M 128k'] });
    const before = fs.statSync(chain.file(1)).size;
    const disk = await StreamedDisk.open(chain.from());
    await disk.streamed();
    await disk.close();
    // Three clusters of data, and a table of four.
    expect(fs.statSync(chain.file(1)).size - before).toBe((3 + 4) * 64 * KIB);
    const map = qemuImg('.', 'map', '--output=json', chain.file(1));
    const extents = JSON.parse(map) as { length: number; depth: number; zero: boolean }[];
    expect(extents.every(({ depth }) => depth === 0)).toBe(true);
    expect(extents.reduce((sum, { zero, length }) => sum + (zero ? length : 0), 0)).toBe(
      64 * MIB - 192 * KIB,
    );
    chain.expectContent();
  });

  it('reads only the rest when it is resumed after a restart', async () => {
    const fixture = new FilesFixture();
    const lengthBytes = 4 * MIB;
    const image = await fixture.image({ lengthBytes, data: [{ offset: 0, length: lengthBytes }] });
    for (let runs = 0; !image.standalone(); runs++) {
      const before = image.sourceBytes;
      const job = jobOn(image.device, fixture.clock, runs < 3 ? MIB : 0);
      if (runs < 3) {
        await fixture.pass(900);
        unwrap(job.cancel());
      }
      await fixture.until(job.done);
      expect(image.sourceBytes).toBeGreaterThan(before);
      await image.reopen(fixture.clock);
    }
    expect(image.sourceBytes).toBe(lengthBytes);
  });

  it('takes no more per second than its speed, whatever that is set to', async () => {
    const fixture = new FilesFixture();
    const lengthBytes = 16 * MIB;
    const image = await fixture.image({ lengthBytes, data: [{ offset: 0, length: lengthBytes }] });
    const job = jobOn(image.device, fixture.clock, MIB);
    for (const speed of [MIB, 4 * MIB, 256 * KIB]) {
      unwrap(job.setSpeed(speed));
      // What was taken at the speed before is paid for by now.
      await fixture.pass(1000);
      const before = image.sourceBytes;
      await fixture.pass(2000);
      const rate = (image.sourceBytes - before) / 2;
      expect(Math.abs(rate - speed)).toBeLessThanOrEqual(128 * KIB);
    }
    unwrap(job.setSpeed(0));
    expect(await fixture.until(job.done)).toEqual({ kind: 'completed' });
  });
});

describe('a streamed disk and its files', () => {
  it('needs its backing file no more when it says so', async () => {
    const chain = Chain.create(3, 4 * MIB, { 0: ['write -P 1 0 3M'], 1: ['write -P 2 2M 1M'] });
    const disk = await StreamedDisk.open(chain.from());
    let removed = false;
    disk.listen((event) => {
      if (event.event !== 'BLOCK_JOB_COMPLETED') return;
      chain.remove(0, 1);
      removed = true;
    });
    await disk.streamed();
    expect(removed).toBe(true);
    expect((await readAll(disk.device, 2 * MIB, 1))[0]).toBe(2);
    await disk.close();
    chain.expectContent();
  });

  it.each([
    { imageBytes: MIB + 512, baseBytes: MIB + 512, clusterBytes: 64 * KIB },
    { imageBytes: MIB + 512, baseBytes: 700_000, clusterBytes: 64 * KIB },
    { imageBytes: 700_928, baseBytes: 2 * MIB, clusterBytes: 64 * KIB },
    { imageBytes: 700_928, baseBytes: 700_928 + 512, clusterBytes: 4 * KIB },
    { imageBytes: 3 * MIB - 512, baseBytes: 2 * MIB + 1, clusterBytes: 2 * MIB },
    { imageBytes: 512, baseBytes: 512, clusterBytes: 4 * KIB },
    { imageBytes: 10 * MIB, baseBytes: 1, clusterBytes: MIB },
  ])('may have any size: $imageBytes bytes over $baseBytes, clusters of $clusterBytes', async (sizes) => {
    const folder = tempFolder();
    const [base, top, expected] = ['base.raw', 'top.qed', 'expected.raw'].map((name) =>
      path.join(folder, name),
    );
    if (base === undefined || top === undefined || expected === undefined) throw new Error('no names');
    fs.writeFileSync(base, pattern(sizes.baseBytes, 5));
    const options = `cluster_size=${sizes.clusterBytes}`;
    qemuImg(
      folder,
      'create',
      '-q',
      '-f',
      'qed',
      '-b',
      base,
      '-F',
      'raw',
      '-o',
      options,
      top,
      `${sizes.imageBytes}`,
    );
    qemuImg(folder, 'convert', '-O', 'raw', top, expected);
    const disk = await StreamedDisk.open({
      location: top,
      format: 'qed',
      backing: { location: base, format: 'raw', backing: null },
    });
    expect(await disk.streamed()).toMatchObject({ len: sizes.imageBytes, offset: sizes.imageBytes });
    await disk.close();
    fs.rmSync(base);
    checkImage(top);
    expectSameContent(top, expected);
  });

  it('carries its flags as long as it has a backing file, and never a mark that asks for a check', async () => {
    const chain = Chain.create(2, 4 * MIB, { 0: ['write -P 1 0 4M'] });
    const top = `${chain.file(1)}.top.qed`;
    const flags = `backing_file=${chain.file(1)},backing_fmt=qed,copy_on_read=on,stream=on`;
    expect(await headwaterImage(['create', '-q', '-f', 'qed', '-o', flags, top])).toMatchObject({ code: 0 });
    const features = () => {
      const header = fs.readFileSync(top).subarray(0, 64);
      return {
        incompatible: header.readBigUInt64LE(16),
        compatible: header.readBigUInt64LE(24),
        autoclear: header.readBigUInt64LE(32),
      };
    };
    const overlay = { incompatible: 1n, compatible: 3n, autoclear: 0n };
    expect(features()).toEqual(overlay);
    const disk = await StreamedDisk.open({ location: top, format: 'qed', backing: chain.from() });
    unwrap(await disk.stream({ jobId: 'part', bottom: 'node1', speed: 1 }));
    expect(features()).toEqual(overlay);
    unwrap(disk.job('part').setSpeed(0));
    await disk.ended('part');
    // Its backing file is raw now, which the header says.
    expect(features()).toEqual({ ...overlay, incompatible: 5n });
    await disk.streamed();
    expect(features()).toEqual({ incompatible: 0n, compatible: 0n, autoclear: 0n });
    await disk.close();
    expect(features()).toEqual({ incompatible: 0n, compatible: 0n, autoclear: 0n });
    expectSameContent(top, chain.file(0));
    checkImage(top);
  });
});

describe('a guest above a layer that is streamed', () => {
  it('reads tables that refer to what came into the layer meanwhile', async () => {
    const chain = Chain.create(3, 64 * MIB, { 0: ['write -P 1 40M 1M'], 1: ['write -P 2 0 64k'] });
    const disk = await StreamedDisk.open(chain.from());
    unwrap(await disk.stream({ device: 'node1', jobId: 'mid', autoFinalize: false }));
    await disk.until('mid', 'pending');
    while (chain.map(1) !== chain.map(0)) await sleep(systemClock, 20);
    expect((await readAll(disk.device, 40 * MIB, 512))[511]).toBe(1);
    unwrap(disk.job('mid').finalize());
    await disk.ended('mid');
    await disk.close();
    chain.expectContent();
  });

  it('reads and writes on, and loses nothing', async () => {
    const lengthBytes = 8 * MIB;
    const chain = Chain.create(4, lengthBytes, {
      0: ['write -P 1 0 4M', 'write -P 2 4M 4M'],
      1: ['write -P 3 1M 2M'],
      2: ['write -P 4 2M 200k'],
    });
    const disk = await StreamedDisk.open(chain.from(), { copyOnRead: 'on' });
    const model = await readAll(disk.device);
    unwrap(await disk.stream({ device: 'node2', jobId: 'below', speed: 16 * MIB }));
    const random = new SeededRandom(7);
    let requests = 0;
    const guest = async () => {
      for (; !disk.hasEnded('below'); requests++) {
        const offset = random.integer(0, lengthBytes / 512 - 40) * 512;
        const bytes = pattern(random.integer(1, 40) * 512, 16 + (requests % 200));
        if (random.chance(0.5)) {
          model.set(bytes, offset);
          unwrap(await disk.device.write(offset, bytes));
        } else {
          const read = await readAll(disk.device, offset, bytes.length);
          expect(Buffer.compare(read, model.subarray(offset, offset + bytes.length))).toBe(0);
        }
        await sleep(systemClock, 0);
      }
    };
    await guest();
    expect(requests).toBeGreaterThan(10);
    expect(await disk.ended('below')).toMatchObject({ event: 'BLOCK_JOB_COMPLETED' });
    chain.remove(0, 1);
    expect(Buffer.compare(await readAll(disk.device), model)).toBe(0);
    await disk.close();
    const expected = path.join(path.dirname(chain.file(3)), 'model.raw');
    fs.writeFileSync(expected, model);
    expectSameContent(chain.file(3), expected);
    expect(qemuIo(chain.file(2), 'read -P 4 2M 200k')).toContain('204800/204800');
  });
});
