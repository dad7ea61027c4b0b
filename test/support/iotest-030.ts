import { describe, expect, it } from 'vitest';
import type { Clock } from '../../shared/clock.ts';
import { unwrap, type FailureCode, type Result } from '../../shared/result.ts';
import { GIB, KIB, MIB } from '../../shared/units.ts';
import type { Range } from '../../main/block/range.ts';
import type { JobEvent } from '../../main/streaming/job/job-events.ts';
import { JobTable } from '../../main/streaming/job/job-table.ts';
import type { OnError } from '../../main/streaming/job/on-error.ts';
import type { StreamJob } from '../../main/streaming/job/stream-job.ts';
import type { StreamTarget } from '../../main/streaming/job/stream-target.ts';
import { FixedWindow } from './fixed-window.ts';

/** An overlay under test, with a hand on what lies behind it. */
export interface StreamedImage {
  readonly node: string;
  target(): Result<StreamTarget>;
  /** The clusters this layer holds as data, in bytes. */
  dataBytes(): Promise<number>;
  standalone(): boolean;
  /** The first read of the source that touches `offset` fails. */
  failReadOnce(offset: number, code: FailureCode): void;
  /** The first store that touches `offset` fails. */
  failStoreOnce(offset: number, code: FailureCode): void;
  /** Stops every read of the source until {@link release}. */
  hold(): void;
  release(): void;
}

export interface ImageShape {
  readonly lengthBytes: number;
  /** Default: as long as the image. */
  readonly backingBytes?: number;
  /** Where the source holds something other than zeroes. */
  readonly data: readonly Range[];
  readonly readOnly?: boolean;
  readonly node?: string;
}

/** How to make images for the cases, and how to let their time pass. */
export interface StreamFixture {
  readonly clock: Clock;
  image(shape: ImageShape): Promise<StreamedImage>;
  /** Lets time pass until `work` is done. */
  until<T>(work: Promise<T>): Promise<T>;
  pass(durationMs: number): Promise<void>;
}

const EIO_OFFSET = 512 * KIB;

class Scene {
  readonly fixture: StreamFixture;
  readonly events: JobEvent[] = [];
  readonly jobs = new JobTable((event) => this.events.push(event));

  constructor(fixture: StreamFixture) {
    this.fixture = fixture;
  }

  /** Starts a job as QEMU would run it: serially, 512 KiB at a time. */
  stream(
    image: StreamedImage,
    options: { id?: string; speed?: number; onError?: OnError } = {},
  ): Result<StreamJob> {
    const target = image.target();
    if (!target.ok) return target;
    return this.jobs.stream({
      id: 'drive0',
      nodes: [image.node],
      target: target.value,
      clock: this.fixture.clock,
      window: new FixedWindow(512 * KIB, 1),
      ...options,
    });
  }

  async untilStatus(job: StreamJob, status: string): Promise<void> {
    for (let tries = 0; job.status !== status; tries++) {
      if (tries > 1000) throw new Error(`job never became ${status}`);
      await this.fixture.pass(5);
    }
  }

  /** Events but for changes of status. */
  told(): unknown[] {
    return this.events.filter((event) => event.event !== 'JOB_STATUS_CHANGE');
  }

  statuses(): string[] {
    return this.events.flatMap((event) => (event.event === 'JOB_STATUS_CHANGE' ? [event.data.status] : []));
  }
}

const report = (offset: number, len: number) => ({ type: 'stream', device: 'drive0', len, offset, speed: 0 });
const errorEvent = (action: string) => ({
  event: 'BLOCK_JOB_ERROR',
  data: { device: 'drive0', operation: 'read', action },
});

/** The cases of QEMU's iotest 030 that concern a job and its overlay, for any overlay. */
export function streamJobCases(makeFixture: () => Promise<StreamFixture>): void {
  const scene = async () => new Scene(await makeFixture());
  const small = {
    lengthBytes: MIB,
    data: [
      { offset: 0, length: 512 },
      { offset: 512 * KIB, length: 512 },
    ],
  };
  const eio = { lengthBytes: 2 * MIB, data: [{ offset: 0, length: 2 * MIB }] };

  describe('TestSingleDrive', () => {
    it('test_stream: runs to the end, leaves no job, keeps what the source held', async () => {
      const s = await scene();
      const image = await s.fixture.image(small);
      expect(s.jobs.query()).toEqual([]);
      const job = unwrap(s.stream(image));
      expect(await s.fixture.until(job.done)).toEqual({ kind: 'completed' });
      expect(s.statuses()).toEqual(['created', 'running', 'waiting', 'pending', 'concluded', 'null']);
      expect(s.told()).toEqual([{ event: 'BLOCK_JOB_COMPLETED', data: report(MIB, MIB) }]);
      expect(s.jobs.query()).toEqual([]);
      expect(image.standalone()).toBe(true);
      expect(await image.dataBytes()).toBeGreaterThan(0);
    });

    it('test_stream_pause: stands still while paused, then completes', async () => {
      const s = await scene();
      const image = await s.fixture.image(small);
      image.hold();
      const job = unwrap(s.stream(image));
      await s.fixture.pass(10);
      unwrap(job.pause());
      expect(job.info().paused).toBe(true);
      image.release();
      await s.untilStatus(job, 'paused');
      const { offset } = job.info();
      await s.fixture.pass(500);
      expect(job.info().offset).toBe(offset);
      unwrap(job.resume());
      expect(await s.fixture.until(job.done)).toEqual({ kind: 'completed' });
      expect(image.standalone()).toBe(true);
    });

    it('test_stream_no_op: completes when nothing is missing', async () => {
      const s = await scene();
      const image = await s.fixture.image({ lengthBytes: MIB, backingBytes: 0, data: [] });
      const job = unwrap(s.stream(image));
      expect(await s.fixture.until(job.done)).toEqual({ kind: 'completed' });
      expect(await image.dataBytes()).toBe(0);
    });

    it('test_job_id_missing: refuses an empty id', async () => {
      const s = await scene();
      const refused = s.stream(await s.fixture.image(small), { id: '' });
      expect(refused).toMatchObject({ failure: { message: "Invalid job ID ''" } });
    });

    it('test_read_only: refuses a read-only overlay', async () => {
      const s = await scene();
      const refused = s.stream(await s.fixture.image({ ...small, readOnly: true }));
      expect(refused).toMatchObject({ failure: { message: 'Block node is read-only' } });
      expect(s.jobs.query()).toEqual([]);
    });
  });

  describe('TestParallelOps', () => {
    it('test_stream_parallel: four throttled jobs, then unthrottled, all complete', async () => {
      const s = await scene();
      const jobs: StreamJob[] = [];
      for (const node of ['node1', 'node3', 'node5', 'node7']) {
        const image = await s.fixture.image({
          lengthBytes: 16 * MIB,
          data: [{ offset: MIB, length: 2 * MIB }],
          node,
        });
        jobs.push(unwrap(s.stream(image, { id: `stream-${node}`, speed: 1024 })));
      }
      await s.fixture.pass(100);
      expect(s.jobs.query()).toHaveLength(4);
      for (const job of jobs.toReversed()) unwrap(job.setSpeed(0));
      const outcomes = await s.fixture.until(Promise.all(jobs.map((job) => job.done)));
      expect(outcomes).toEqual(jobs.map(() => ({ kind: 'completed' })));
    });

    it('test_overlapping_1: refuses a second job on a busy node, by name', async () => {
      const s = await scene();
      const image = await s.fixture.image({ ...small, node: 'node4' });
      const job = unwrap(s.stream(image, { id: 'stream-node4', speed: 1 }));
      const busy = "Node 'node4' is busy: block device is in use by block job: stream";
      expect(s.stream(image, { id: 'stream-again' })).toMatchObject({ failure: { message: busy } });
      const other = await s.fixture.image({ ...small, node: 'node5' });
      const used = "Job ID 'stream-node4' already in use";
      expect(s.stream(other, { id: 'stream-node4' })).toMatchObject({ failure: { message: used } });
      unwrap(job.setSpeed(0));
      await s.fixture.until(job.done);
      expect(s.jobs.isBusy('node4')).toBe(false);
    });
  });

  it('TestSmallerBackingFile: comes to an end', async () => {
    const s = await scene();
    const image = await s.fixture.image({ ...small, lengthBytes: 2 * MIB, backingBytes: MIB });
    const job = unwrap(s.stream(image));
    expect(await s.fixture.until(job.done)).toEqual({ kind: 'completed' });
    expect(job.info().offset).toBe(2 * MIB);
  });

  describe('TestEIO', () => {
    it.each(['report', 'enospc'] as const)('test_%s: ends where it failed', async (onError) => {
      const s = await scene();
      const image = await s.fixture.image(eio);
      image.failReadOnce(EIO_OFFSET, 'io');
      const job = unwrap(s.stream(image, { onError }));
      expect(await s.fixture.until(job.done)).toMatchObject({ kind: 'failed' });
      expect(s.told()).toEqual([
        errorEvent('report'),
        {
          event: 'BLOCK_JOB_COMPLETED',
          data: { ...report(EIO_OFFSET, 2 * MIB), error: 'Input/output error' },
        },
      ]);
      expect(s.statuses()).toEqual(['created', 'running', 'aborting', 'concluded', 'null']);
      expect(image.standalone()).toBe(false);
      expect(s.jobs.query()).toEqual([]);
    });

    it('test_ignore: goes on to the end, and keeps the backing file', async () => {
      const s = await scene();
      const image = await s.fixture.image(eio);
      image.failReadOnce(EIO_OFFSET, 'io');
      const job = unwrap(s.stream(image, { onError: 'ignore' }));
      expect(await s.fixture.until(job.done)).toMatchObject({ kind: 'failed' });
      expect(s.told()).toEqual([
        errorEvent('ignore'),
        { event: 'BLOCK_JOB_COMPLETED', data: { ...report(2 * MIB, 2 * MIB), error: 'Input/output error' } },
      ]);
      expect(image.standalone()).toBe(false);
    });

    it('test_stop: pauses, and a resume tries the same range again', async () => {
      const s = await scene();
      const image = await s.fixture.image(eio);
      image.failReadOnce(EIO_OFFSET, 'io');
      const job = unwrap(s.stream(image, { onError: 'stop' }));
      await s.untilStatus(job, 'paused');
      expect(s.told()).toEqual([errorEvent('stop')]);
      expect(job.info()).toMatchObject({
        status: 'paused',
        offset: EIO_OFFSET,
        ioStatus: 'failed',
        paused: true,
      });
      unwrap(job.resume());
      expect(job.info().ioStatus).toBe('ok');
      expect(await s.fixture.until(job.done)).toEqual({ kind: 'completed' });
      expect(s.told().at(-1)).toEqual({ event: 'BLOCK_JOB_COMPLETED', data: report(2 * MIB, 2 * MIB) });
    });
  });

  it.each(['enospc', 'auto'] as const)('TestENOSPC: %s pauses until there is room', async (onError) => {
    const s = await scene();
    const image = await s.fixture.image(eio);
    image.failStoreOnce(EIO_OFFSET, 'no-space');
    const job = unwrap(s.stream(image, { onError }));
    await s.untilStatus(job, 'paused');
    expect(s.told()).toEqual([errorEvent('stop')]);
    expect(job.info()).toMatchObject({ offset: EIO_OFFSET, ioStatus: 'nospace' });
    unwrap(job.resume());
    expect(await s.fixture.until(job.done)).toEqual({ kind: 'completed' });
    expect(image.standalone()).toBe(true);
  });

  it('TestStreamStop: tells only of states while it runs, and of the cancel when it is cancelled', async () => {
    const s = await scene();
    const image = await s.fixture.image({ lengthBytes: 8 * MIB, data: [{ offset: 0, length: 4 * MIB }] });
    image.hold();
    const job = unwrap(s.stream(image));
    await s.fixture.pass(100);
    expect(s.told()).toEqual([]);
    unwrap(job.cancel());
    image.release();
    expect(await s.fixture.until(job.done)).toEqual({ kind: 'cancelled' });
    expect(s.told()).toMatchObject([
      { event: 'BLOCK_JOB_CANCELLED', data: { device: 'drive0', len: 8 * MIB } },
    ]);
    expect(s.statuses()).toEqual(['created', 'running', 'aborting', 'concluded', 'null']);
  });

  describe('TestSetSpeed', () => {
    it('test_set_speed: shows the default, a speed set later and a speed given at the start', async () => {
      const s = await scene();
      const image = await s.fixture.image(small);
      image.hold();
      const first = unwrap(s.stream(image));
      expect(s.jobs.query()).toMatchObject([{ device: 'drive0', speed: 0 }]);
      unwrap(first.setSpeed(8 * MIB));
      expect(s.jobs.query()).toMatchObject([{ speed: 8 * MIB }]);
      unwrap(first.cancel());
      image.release();
      await s.fixture.until(first.done);
      const second = unwrap(s.stream(image, { speed: 4 * MIB }));
      expect(s.jobs.query()).toMatchObject([{ speed: 4 * MIB }]);
      unwrap(second.cancel());
      await s.fixture.until(second.done);
    });

    it('test_set_speed_invalid: refuses a negative speed at both places', async () => {
      const s = await scene();
      const image = await s.fixture.image(small);
      const text = "Parameter 'speed' expects a non-negative value";
      expect(s.stream(image, { speed: -1 })).toMatchObject({ failure: { message: text } });
      expect(s.statuses()).toEqual(['created', 'null']);
      expect(s.jobs.query()).toEqual([]);
      const job = unwrap(s.stream(image));
      expect(job.setSpeed(-1)).toMatchObject({ failure: { message: text } });
      unwrap(job.cancel());
      await s.fixture.until(job.done);
    });
  });

  it('not in 030: a speed limit holds over seconds', async () => {
    const s = await scene();
    const image = await s.fixture.image({ lengthBytes: 8 * MIB, data: [{ offset: 0, length: 8 * MIB }] });
    const startMs = s.fixture.clock.now();
    const job = unwrap(s.stream(image, { speed: 4 * MIB }));
    await s.fixture.until(job.done);
    // The last request is paid for by nobody.
    expect(s.fixture.clock.now() - startMs).toBeGreaterThanOrEqual(1750);
    expect(s.fixture.clock.now() - startMs).toBeLessThan(2300);
  });

  it('not in 030: a huge sparse image costs no more than its map', async () => {
    const s = await scene();
    const image = await s.fixture.image({
      lengthBytes: GIB / 4,
      backingBytes: MIB,
      data: [{ offset: 0, length: MIB }],
    });
    const job = unwrap(s.stream(image));
    expect(await s.fixture.until(job.done)).toEqual({ kind: 'completed' });
    expect(await image.dataBytes()).toBe(MIB);
  });
}
