/**
 * QEMU's test of streaming (`tests/qemu-iotests/030`, 27 cases), case by case: on QED images in files that QEMU made,
 * and that QEMU judges when a case has ended (`qemu-img check`, `compare`, `map`; see the helpers beside this file).
 *
 * A *disk* is a disk as Headwater opens it, with its copy worker (`main/storage/disk`). A *job* is a stream job on an
 * overlay whose files can be held up and made to fail where 030 has `blkdebug`, in simulated time
 * (`test/support/iotest-030.ts`; the same cases run on overlays in memory beside `main/streaming/job`).
 *
 * | 030                             | here                                                                            |
 * |---------------------------------|---------------------------------------------------------------------------------|
 * | TestSingleDrive                 |                                                                                 |
 * |  1 test_stream                  | disk, and job                                                                   |
 * |  2 test_stream_intermediate     | disk                                                                            |
 * |  3 test_stream_pause            | job                                                                             |
 * |  4 test_stream_no_op            | disk (base = the image behind), and job (nothing behind)                        |
 * |  5 test_stream_partial          | disk                                                                            |
 * |  6 test_device_not_found        | disk                                                                            |
 * |  7 test_job_id_missing          | disk, and job                                                                   |
 * |  8 test_read_only               | disk, and job                                                                   |
 * | TestParallelOps                 |                                                                                 |
 * |  9 test_stream_parallel         | disk of nine images, and four jobs                                              |
 * | 10 test_overlapping_1           | disk, QEMU's messages for all stream requests; the commits are                  |
 * |                                 | `headwater image commit`, refused by the lock of the image the job writes       |
 * | 11 test_overlapping_2           | the blocker is a throttled `image commit` below the top: what it writes cannot  |
 * |                                 | be streamed into, and other layers can                                          |
 * | 12 test_overlapping_3           | the blocker is `image commit` of the topmost image: nobody can open the disk    |
 * |                                 | until it has ended. It has no `ready` phase to be completed from                |
 * | 13 test_overlapping_4           | allowed here: commits are not part of the chain, so there is no link to freeze; |
 * |                                 | shown is that both end well                                                     |
 * | 14 test_overlapping_5           | there is no commit filter to name as base; its name is refused, and streaming   |
 * |                                 | down to the commit's base leads to the chain that QEMU ends with                |
 * | 15 test_stream_commit_1         | job and `image commit` side by side in one chain                                |
 * | 16 test_stream_commit_2         | the same, both throttled                                                        |
 * | 17 test_stream_base_node_name   | disk                                                                            |
 * | TestQuorum                      |                                                                                 |
 * | 18 test_stream_quorum           | disks with two children do not exist here (there is no driver that could read   |
 * |                                 | one); shown is what two overlays of one image do, one of which is streamed      |
 * | TestSmallerBackingFile          |                                                                                 |
 * | 19 test_stream                  | disk, and job                                                                   |
 * | TestEIO                         |                                                                                 |
 * | 20 test_report                  | job                                                                             |
 * | 21 test_ignore                  | job                                                                             |
 * | 22 test_stop                    | job                                                                             |
 * | 23 test_enospc                  | job                                                                             |
 * | TestENOSPC                      |                                                                                 |
 * | 24 test_enospc                  | job                                                                             |
 * | TestStreamStop                  |                                                                                 |
 * | 25 test_stream_stop             | job (8 MiB), and disk (8 GiB, sparse)                                           |
 * | TestSetSpeed                    |                                                                                 |
 * | 26 test_set_speed               | job, and disk                                                                   |
 * | 27 test_set_speed_invalid       | job, and disk                                                                   |
 *
 * What 030 does not cover is in `iotest-030-beyond.test.ts`.
 */
import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sleep, systemClock } from '../../shared/clock.ts';
import { unwrap } from '../../shared/result.ts';
import { GIB, MIB } from '../../shared/units.ts';
import { streamJobCases } from '../support/iotest-030.ts';
import { readAll } from '../support/qed-disk.ts';
import { Chain, headwaterImage, isLocked, qemuImg, StreamedDisk } from './iotest-030-chain.ts';
import { FilesFixture } from './iotest-030-files.ts';

const busy = (node: string) => `Node '${node}' is busy: block device is in use by block job: stream`;

describe('iotest 030: a job on images in files', () => {
  streamJobCases(async () => new FilesFixture());
});

describe('iotest 030: a disk', () => {
  /** base <- mid <- top, as in 030: node0, node1 and node2. */
  const single = () => Chain.create(3, MIB, { 0: ['write -P 1 0 512'], 1: ['write -P 1 512k 512'] });

  describe('TestSingleDrive', () => {
    it('test_stream: holds as much as its base, and needs nobody', async () => {
      const chain = single();
      const disk = await StreamedDisk.open(chain.from());
      expect(disk.status.jobs).toEqual([]);
      expect(await disk.streamed()).toEqual({
        type: 'stream',
        device: 'drive0',
        len: MIB,
        offset: MIB,
        speed: 0,
      });
      expect(disk.status.jobs).toEqual([]);
      await disk.close();
      expect(chain.map(2)).toBe(chain.map(0));
      expect(chain.numbersFrom()).toEqual([2]);
      chain.expectContent();
    });

    it('test_stream_intermediate: streams into a layer by its name, under the guest', async () => {
      const chain = single();
      const disk = await StreamedDisk.open(chain.from());
      expect(chain.map(1)).not.toBe(chain.map(0));
      const content = await readAll(disk.device);
      await disk.streamed({ device: 'node1', jobId: 'stream-mid' });
      expect(chain.map(1)).toBe(chain.map(0));
      expect(chain.numbersFrom()).toEqual([2, 1]);
      // The guest does not look at the base any more either.
      fs.writeFileSync(chain.file(0), new Uint8Array(MIB).fill(0xee));
      chain.remove(0);
      expect(Buffer.compare(await readAll(disk.device), content)).toBe(0);
      await disk.close();
      chain.expectContent();
    });

    it('test_stream_no_op: copies nothing down to the image behind', async () => {
      const chain = single();
      const before = chain.map(2);
      const disk = await StreamedDisk.open(chain.from());
      // As in QEMU, the job has no length.
      expect(await disk.streamed({ base: chain.file(1) })).toMatchObject({ len: 0, offset: 0 });
      await disk.close();
      expect(chain.map(2)).toBe(before);
      expect(chain.numbersFrom()).toEqual([2, 1, 0]);
    });

    it.each([{ base: 'file' }, { base: 'node' }, { base: 'bottom' }, { base: 'name in the header' }])(
      'test_stream_partial: takes what is above the base, given by its $base',
      async ({ base }) => {
        const chain = single();
        const disk = await StreamedDisk.open(chain.from());
        const forms = {
          file: { base: chain.file(0) },
          node: { baseNode: 'node0' },
          bottom: { bottom: 'node1' },
          'name in the header': { base: 'node0.raw', backingFile: './node0.raw' },
        };
        await disk.streamed(forms[base as keyof typeof forms]);
        await disk.close();
        expect(chain.map(2)).toBe(chain.map(1));
        expect(chain.numbersFrom()).toEqual([2, 0]);
        const info = qemuImg('.', 'info', '--output=json', chain.file(2));
        const { 'backing-filename': name } = JSON.parse(info) as { 'backing-filename': string };
        expect(name).toBe(base === 'name in the header' ? './node0.raw' : 'node0.raw');
        chain.expectContent();
      },
    );

    it('test_device_not_found: says what it looked for', async () => {
      const disk = await StreamedDisk.open(single().from());
      const text = "Cannot find device='nonexistent' nor node-name='nonexistent'";
      expect(await disk.refusal({ device: 'nonexistent' })).toBe(text);
    });

    it('test_job_id_missing: a layer that is no device lends a job no name', async () => {
      const disk = await StreamedDisk.open(single().from());
      expect(await disk.refusal({ device: 'node1' })).toBe("Invalid job ID ''");
      expect(await disk.refusal({ device: 'drive0', jobId: '1bad' })).toBe("Invalid job ID '1bad'");
      await disk.streamed({ device: 'drive0' });
    });

    it('test_read_only: refuses a disk that was opened for reading, which can be closed all the same', async () => {
      const chain = single();
      const disk = await StreamedDisk.open(chain.from(), { readOnly: true });
      expect(await disk.refusal({ jobId: 'stream', baseNode: 'node0' })).toBe('Block node is read-only');
      expect(await disk.refusal({ jobId: 'stream', device: 'node1' })).toBe('Block node is read-only');
      expect(disk.status.jobs).toEqual([]);
      await disk.close();
      expect(chain.numbersFrom()).toEqual([2, 1, 0]);
    });
  });

  describe('TestParallelOps', () => {
    const IMAGES = 9;
    const LENGTH = 16 * MIB;

    /** Nine images; the odd ones hold 2 or 4 MiB each, so that jobs do not end in the order they began. */
    const nine = () =>
      Chain.create(IMAGES, LENGTH, {
        7: ['write -P 0x77 0 2M'],
        5: ['write -P 0x55 4M 4M'],
        3: ['write -P 0x33 8M 2M'],
        1: ['write -P 0x11 12M 4M'],
      });
    const SLOW = 1024;

    it('test_stream_parallel: four jobs in one chain, each into an image of its own', async () => {
      const chain = nine();
      const disk = await StreamedDisk.open(chain.from());
      const tops = [2, 4, 6, 8];
      for (const n of tops) expect(chain.map(n)).not.toBe(chain.map(n - 1));
      for (const n of tops) {
        const request = { device: `node${n}`, jobId: `stream-node${n}`, bottom: `node${n - 1}`, speed: SLOW };
        unwrap(await disk.stream(request));
      }
      expect(disk.status.jobs.map(({ device }) => device)).toEqual(tops.map((n) => `stream-node${n}`));
      for (const n of tops.toReversed()) unwrap(disk.job(`stream-node${n}`).setSpeed(0));
      for (const n of tops) {
        const { event, data } = await disk.ended(`stream-node${n}`);
        expect({ event, data }).toEqual({
          event: 'BLOCK_JOB_COMPLETED',
          data: { type: 'stream', device: `stream-node${n}`, len: LENGTH, offset: LENGTH, speed: 0 },
        });
      }
      for (const n of tops) expect(chain.map(n)).toBe(chain.map(n - 1));
      expect(chain.numbersFrom()).toEqual([8, 6, 4, 2, 0]);
      chain.remove(1, 3, 5, 7);
      // The disk has let go of them as well: it can be streamed to the end, and needs nobody.
      await disk.streamed();
      await disk.close();
      chain.expectContent();
    });

    it('test_overlapping_1: who touches a layer of a running job is told which', async () => {
      const chain = nine();
      const disk = await StreamedDisk.open(chain.from());
      const blocker = {
        device: 'node4',
        jobId: 'stream-node4',
        base: chain.file(1),
        filterNodeName: 'stream-filter',
      };
      unwrap(await disk.stream({ ...blocker, speed: SLOW }));

      const node5 = { device: 'node5', jobId: 'stream-node5', base: chain.file(2) };
      expect(await disk.refusal(node5)).toBe(busy('stream-filter'));
      const node3 = { device: 'node3', jobId: 'stream-node3', base: chain.file(2) };
      expect(await disk.refusal(node3)).toBe(busy('node3'));
      expect(await disk.refusal({ device: 'node4', jobId: 'stream-node4-v2' })).toBe(busy('node4'));
      expect(await disk.refusal({})).toBe(busy('stream-filter'));

      // Commits that would write what the job writes, or take it away. (The lock says who has it; QEMU, which node.)
      const locked = /node4\.qed' is already open for writing in this program; close it there first/;
      expect(await headwaterImage(['commit', '-b', chain.file(4), chain.file(6)])).toMatchObject({
        code: 1,
        text: expect.stringMatching(locked) as string,
      });
      expect(await headwaterImage(['commit', chain.file(4)])).toMatchObject({
        code: 1,
        text: expect.stringMatching(locked) as string,
      });

      unwrap(disk.job('stream-node4').setSpeed(0));
      expect(await disk.ended('stream-node4')).toMatchObject({ event: 'BLOCK_JOB_COMPLETED' });
      expect(chain.numbersFrom(4)).toEqual([4, 1, 0]);
      await disk.streamed({ ...node5, base: chain.file(1) });
      expect(chain.numbersFrom(5)).toEqual([5, 1, 0]);
      await disk.close();
      chain.expectContent();
    });

    it('test_overlapping_1, without a filter’s name: the layer itself is named', async () => {
      const chain = nine();
      const disk = await StreamedDisk.open(chain.from());
      unwrap(await disk.stream({ device: 'node4', jobId: 'four', bottom: 'node3', speed: SLOW }));
      expect(await disk.refusal({ device: 'node6', jobId: 'six' })).toBe(busy('node4'));
      // Its base is not part of a job.
      await disk.streamed({ device: 'node2', jobId: 'two', bottom: 'node1' });
      unwrap(disk.job('four').setSpeed(0));
      await disk.ended('four');
      expect(chain.numbersFrom()).toEqual([8, 7, 6, 5, 4, 2, 0]);
    });

    /** Runs `headwater image commit`, too slow to end by itself, until it is interrupted. */
    async function slowCommit(base: string, top: string) {
      const interrupt = new AbortController();
      const ended = headwaterImage(['commit', '-r', '65536', '-b', base, top], interrupt.signal);
      while (!isLocked(top) || !isLocked(base)) await sleep(systemClock, 1);
      const stop = async () => {
        interrupt.abort();
        return ended;
      };
      return { stop };
    }

    it('test_overlapping_2: what a commit holds cannot be streamed into; anything else can', async () => {
      const chain = nine();
      const disk = await StreamedDisk.open(chain.from());
      const commit = await slowCommit(chain.file(2), chain.file(5));
      const held = (n: number) =>
        `'${chain.file(n)}' is already open for writing in this program; close it there first`;
      expect(await disk.refusal({ device: 'node5', jobId: 'five', bottom: 'node4' })).toBe(held(5));
      expect(await disk.refusal({ device: 'node2', jobId: 'two', bottom: 'node1' })).toBe(held(2));
      await disk.streamed({ bottom: 'node7' });
      expect(await commit.stop()).toMatchObject({ text: expect.stringContaining('is unchanged') as string });
      await disk.streamed({ device: 'node2', jobId: 'two', bottom: 'node1' });
      await disk.close();
      chain.expectContent();
    });

    it('test_overlapping_3: while the topmost image is committed, its disk cannot be opened', async () => {
      const chain = nine();
      const commit = await slowCommit(chain.file(3), chain.file(8));
      const refused = await StreamedDisk.tryOpen(chain.from());
      expect(refused).toMatchObject({ failure: { code: 'busy' } });
      expect((await commit.stop()).code).not.toBe(0);
      const disk = await StreamedDisk.open(chain.from());
      await disk.streamed();
      await disk.close();
      chain.expectContent();
    });

    it('test_overlapping_4: a stream may end on an image that is being committed', async () => {
      const chain = nine();
      const disk = await StreamedDisk.open(chain.from());
      const commit = headwaterImage(['commit', '-r', String(32 * MIB), '-b', chain.file(0), chain.file(2)]);
      await disk.streamed({ device: 'node4', jobId: 'four', baseNode: 'node2' });
      expect(await commit).toMatchObject({ code: 0 });
      expect(chain.numbersFrom(4)).toEqual([4, 2, 1, 0]);
      await disk.close();
      chain.expectContent();
    });

    it('test_overlapping_5: a commit has no filter to stream down to, but its base', async () => {
      const chain = nine();
      const disk = await StreamedDisk.open(chain.from());
      const four = { device: 'node4', jobId: 'four' };
      const text = "Cannot find device='' nor node-name='commit-filter'";
      expect(await disk.refusal({ ...four, baseNode: 'commit-filter' })).toBe(text);
      const commit = headwaterImage(['commit', '-r', String(32 * MIB), '-b', chain.file(0), chain.file(3)]);
      await disk.streamed({ ...four, baseNode: 'node0' });
      expect(await commit).toMatchObject({ code: 0 });
      expect(chain.numbersFrom(4)).toEqual([4, 0]);
      await disk.close();
      chain.expectContent();
    });

    it.each([
      { name: 'test_stream_commit_1', speed: 0, rate: [] },
      { name: 'test_stream_commit_2', speed: 4 * MIB, rate: ['-r', String(8 * MIB)] },
    ])('$name: streams below while the topmost image is committed', async ({ speed, rate }) => {
      const chain = nine();
      // The job's disk ends at node4: the guest of the topmost image must be away when that is committed.
      const disk = await StreamedDisk.open(chain.from(4));
      const commit = headwaterImage(['commit', ...rate, '-b', chain.file(5), chain.file(8)]);
      await disk.streamed({ jobId: 'stream', baseNode: 'node2', speed });
      expect(await commit).toMatchObject({ code: 0, text: 'Image committed.\n' });
      await disk.close();
      expect(chain.numbersFrom()).toEqual([8, 7, 6, 5, 4, 2, 1, 0]);
      chain.expectContent();
      chain.expectContent(5);
    });

    it('test_stream_base_node_name: refuses what is no base, and takes what is one', async () => {
      const chain = nine();
      const disk = await StreamedDisk.open(chain.from());
      const job = { device: 'node4', jobId: 'stream' };
      const refused = async (options: Parameters<typeof disk.refusal>[0], text: string) =>
        expect(await disk.refusal({ ...job, ...options })).toBe(text);
      await refused({ baseNode: 'none' }, "Cannot find device='' nor node-name='none'");
      await refused({ baseNode: 'node6' }, "Node 'node6' is not a backing image of 'node4'");
      await refused({ baseNode: 'node4' }, "Node 'node4' is not a backing image of 'node4'");
      const both = (one: string, other: string) =>
        `'${one}' and '${other}' cannot be specified at the same time`;
      await refused({ baseNode: 'node2', base: chain.file(2) }, both('base', 'base-node'));
      // Not in 030: the other forms.
      await refused({ bottom: 'node2', base: chain.file(2) }, both('base', 'bottom'));
      await refused({ bottom: 'node2', baseNode: 'node2' }, both('bottom', 'base-node'));
      await refused({ base: 'none.qed' }, "Can't find 'none.qed' in the backing chain");
      await refused({ base: chain.file(6) }, `Can't find '${chain.file(6)}' in the backing chain`);
      await refused({ bottom: 'none' }, "Cannot find device='' nor node-name='none'");
      await refused({ bottom: 'node6' }, "Node 'node6' is not in a chain starting from 'node4'");
      const whole = 'backing file specified, but streaming the entire chain';
      await refused({ backingFile: 'x' }, whole);
      await refused({ backingFile: 'x', bottom: 'node2' }, whole);
      expect(disk.events).toEqual([]);

      expect(chain.map(4)).not.toBe(chain.map(3));
      await disk.streamed({ ...job, baseNode: 'node2' });
      expect(chain.map(4)).toBe(chain.map(3));
      expect(chain.numbersFrom()).toEqual([8, 7, 6, 5, 4, 2, 1, 0]);
      await disk.close();
      chain.expectContent();
    });
  });

  it('TestQuorum, instead: of two overlays on one image, one is streamed and the other stays as it was', async () => {
    const one = single();
    const other = `${one.file(2)}.second.qed`;
    fs.copyFileSync(one.file(2), other);
    const disk = await StreamedDisk.open(one.from());
    const twin = await StreamedDisk.open({ ...one.from(), location: other });
    expect(await disk.refusal({ device: 'children.0', jobId: 'stream-quorum' })).toBe(
      "Cannot find device='children.0' nor node-name='children.0'",
    );
    await disk.streamed();
    expect(one.map(2)).toBe(one.map(0));
    const bytes = new Uint8Array(512);
    unwrap(await twin.device.read(MIB / 2, bytes));
    expect(bytes).toEqual(new Uint8Array(512).fill(1));
    expect(twin.status.standalone).toBe(false);
    await disk.close();
    await twin.close();
    one.expectContent();
  });

  it('TestSmallerBackingFile: comes to an end, and is zero behind the end of its base', async () => {
    const chain = Chain.create(2, MIB, { 0: ['write -P 1 0 1M'] });
    chain.growTop(2 * MIB);
    const disk = await StreamedDisk.open(chain.from());
    expect(await disk.streamed()).toMatchObject({ len: 2 * MIB, offset: 2 * MIB });
    await disk.close();
    chain.expectContent();
  });

  it('TestStreamStop: tells only of states while it runs, and of the cancel', async () => {
    const chain = Chain.create(2, 8 * GIB, { 0: ['write -P 1 0 32M', 'write -P 1 32M 32M'] });
    const disk = await StreamedDisk.open(chain.from());
    unwrap(await disk.stream({ speed: 1 }));
    expect(disk.events.every(({ event }) => event === 'JOB_STATUS_CHANGE')).toBe(true);
    unwrap(disk.job('drive0').cancel());
    expect(await disk.ended()).toMatchObject({
      event: 'BLOCK_JOB_CANCELLED',
      data: { type: 'stream', device: 'drive0', len: 8 * GIB },
    });
    expect(disk.status.jobs).toEqual([]);
  });

  describe('TestSetSpeed', () => {
    it('test_set_speed: shows the default, what is set and what was asked for', async () => {
      const disk = await StreamedDisk.open(single().from());
      unwrap(await disk.stream({ autoFinalize: false }));
      expect(disk.status.jobs).toMatchObject([{ device: 'drive0', speed: 0 }]);
      unwrap(disk.job('drive0').setSpeed(8 * MIB));
      expect(disk.status.jobs).toMatchObject([{ device: 'drive0', speed: 8 * MIB }]);
      unwrap(disk.job('drive0').cancel());
      await disk.ended();
      unwrap(await disk.stream({ jobId: 'again', speed: 4 * MIB, autoFinalize: false }));
      expect(disk.status.jobs).toMatchObject([{ device: 'again', speed: 4 * MIB }]);
      unwrap(disk.job('again').cancel());
      expect(await disk.ended('again')).toMatchObject({ event: 'BLOCK_JOB_CANCELLED' });
    });

    it('test_set_speed_invalid: refuses less than nothing, and leaves no job behind', async () => {
      const disk = await StreamedDisk.open(single().from());
      const text = "Parameter 'speed' expects a non-negative value";
      expect(await disk.refusal({ speed: -1 })).toBe(text);
      expect(await disk.refusal({ device: 'node1', jobId: 'mid', speed: -1 })).toBe(text);
      expect(disk.status.jobs).toEqual([]);
      unwrap(await disk.stream({ jobId: 'good', autoFinalize: false }));
      expect(disk.job('good').setSpeed(-1)).toMatchObject({ failure: { message: text } });
      unwrap(disk.job('good').cancel());
      await disk.ended('good');
    });
  });
});
