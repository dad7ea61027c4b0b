import { describe, expect, it } from 'vitest';
import { unwrap, type Failure } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import { FixedWindow } from '../../../test/support/fixed-window.ts';
import { SimulatedDevice } from '../../../test/support/simulated-device.ts';
import { MemoryOverlay } from '../../../test/support/memory-overlay.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { SimulatedLink } from '../../../test/support/simulated-link.ts';
import { WAIT } from '../waiting/back-off.ts';
import { TokenBucket } from '../limits/token-bucket.ts';
import { BootProfile } from '../order/boot-profile.ts';
import type { JobEvent } from './job-events.ts';
import { StreamJob, type StreamJobOptions } from './stream-job.ts';
import { overlayTarget } from './stream-target.ts';

const CLUSTER = 64 * KIB;

interface Setup extends Partial<Omit<StreamJobOptions, 'clock' | 'target' | 'listener'>> {
  readonly lengthBytes?: number;
  readonly remote?: boolean;
  readonly sourceMs?: number;
}

function setUp(options: Setup = {}) {
  const clock = new SimulatedClock();
  const content = new Uint8Array(options.lengthBytes ?? 4 * MIB).fill(3);
  const reads: number[] = [];
  const source = new SimulatedDevice(content, {
    clock,
    remote: options.remote ?? false,
    latency: () => options.sourceMs ?? 5,
    onRead: (offset) => reads.push(offset),
  });
  const overlay = new MemoryOverlay({
    clock,
    lengthBytes: content.length,
    clusterBytes: CLUSTER,
    backing: source,
    latency: (operation) => (operation === 'flush' ? 10 : -1),
  });
  const events: JobEvent[] = [];
  const job = new StreamJob({
    id: 'job0',
    ...options,
    clock,
    target: unwrap(overlayTarget(overlay)),
    listener: (event) => events.push(event),
  });
  const names = () =>
    events.map((event) => (event.event === 'JOB_STATUS_CHANGE' ? event.data.status : event.event));
  return { clock, source, overlay, job, events, names, reads };
}

const unreachable: Failure = { code: 'source-unreachable', message: 'no answer' };

describe('a stream job and its verbs', () => {
  it('waits in `pending` for finalize and in `concluded` for dismiss, where asked to', async () => {
    const { clock, job, names, overlay } = setUp({ autoFinalize: false, autoDismiss: false });
    expect(job.dismiss()).toMatchObject({
      failure: { message: "Job 'job0' in state 'created' cannot accept command verb 'dismiss'" },
    });
    job.start();
    await clock.advance(1000);
    expect(names()).toEqual(['created', 'running', 'waiting', 'pending', 'BLOCK_JOB_PENDING']);
    expect(overlay.backing).not.toBe(null);
    expect(job.pause().ok).toBe(false);
    unwrap(job.finalize());
    expect(await clock.run(job.done)).toEqual({ kind: 'completed' });
    expect(names().slice(5)).toEqual(['BLOCK_JOB_COMPLETED', 'concluded']);
    expect(job.cancel().ok).toBe(false);
    unwrap(job.dismiss());
    expect(job.status).toBe('null');
  });

  it('never becomes ready, so it refuses to be completed', () => {
    const { job } = setUp();
    job.start();
    expect(job.complete()).toMatchObject({
      failure: { message: "Job 'job0' in state 'running' cannot accept command verb 'complete'" },
    });
  });

  it('refuses to be paused twice, or resumed when it was not', () => {
    const { job } = setUp();
    job.start();
    expect(job.resume()).toMatchObject({ failure: { message: "Can't resume a job that was not paused" } });
    unwrap(job.pause());
    expect(job.pause()).toMatchObject({ failure: { message: 'Job is already paused' } });
  });

  it('pauses before its first request when paused before its start', async () => {
    const { clock, job, names, source } = setUp();
    unwrap(job.pause());
    job.start();
    await clock.advance(1000);
    expect(names()).toEqual(['created', 'running', 'paused']);
    expect(source.readBytes).toBe(0);
    unwrap(job.resume());
    expect(await clock.run(job.done)).toEqual({ kind: 'completed' });
  });

  it('is cancelled while paused only by force, by way of `running`', async () => {
    const { clock, job, names } = setUp();
    job.start();
    unwrap(job.pause());
    await clock.advance(1000);
    expect(job.cancel()).toMatchObject({
      failure: { message: "The block job for device 'job0' is currently paused" },
    });
    unwrap(job.cancel(true));
    expect(await clock.run(job.done)).toEqual({ kind: 'cancelled' });
    expect(names().slice(2)).toEqual([
      'paused',
      'running',
      'aborting',
      'BLOCK_JOB_CANCELLED',
      'concluded',
      'null',
    ]);
  });

  it('waits for requests in flight when cancelled, and leaves what another job goes on from', async () => {
    const { clock, job, overlay } = setUp({ sourceMs: 500, lengthBytes: 32 * MIB });
    job.start();
    await clock.advance(100);
    unwrap(job.cancel());
    expect(job.status).toBe('running');
    expect(await clock.run(job.done)).toEqual({ kind: 'cancelled' });
    const local = overlay.states.filter((state) => state === 'data').length * CLUSTER;
    expect(local).toBe(8 * MIB);
    const next = new StreamJob({ id: 'job1', clock, target: unwrap(overlayTarget(overlay)) });
    next.start();
    expect(await clock.run(next.done)).toEqual({ kind: 'completed' });
    expect(Math.max(...overlay.published)).toBe(1);
  });

  it('can be cancelled in `pending`, before anybody finalizes it', async () => {
    const { clock, job, overlay } = setUp({ autoFinalize: false });
    job.start();
    await clock.advance(1000);
    unwrap(job.cancel());
    expect(await job.done).toEqual({ kind: 'cancelled' });
    expect(overlay.backing).not.toBe(null);
  });

  it('completes when the cancel comes while it is being finished', async () => {
    const { clock, job, names, overlay } = setUp({ sourceMs: 0 });
    job.start();
    while (job.status !== 'pending') await clock.advance(1);
    unwrap(job.cancel());
    expect(await clock.run(job.done)).toEqual({ kind: 'completed' });
    expect(overlay.backing).toBe(null);
    expect(names().slice(-3)).toEqual(['BLOCK_JOB_COMPLETED', 'concluded', 'null']);
  });

  it('fails when the backing reference cannot be dropped, and says so', async () => {
    const { clock, job, overlay, names } = setUp();
    overlay.fault = (operation) => (operation === 'drop' ? { code: 'io', message: 'header' } : null);
    job.start();
    expect(await clock.run(job.done)).toMatchObject({ kind: 'failed', failure: { message: 'header' } });
    expect(names().slice(3)).toEqual(['pending', 'aborting', 'BLOCK_JOB_COMPLETED', 'concluded', 'null']);
    expect(job.info().error).toBe('Input/output error');
  });

  it('ends at once with length 0 when there is nothing behind the image', async () => {
    const { clock, overlay, job } = setUp();
    job.start();
    await clock.run(job.done);
    const again = new StreamJob({ id: 'again', clock, target: unwrap(overlayTarget(overlay)) });
    again.start();
    expect(await clock.run(again.done)).toEqual({ kind: 'completed' });
    expect(again.info()).toMatchObject({ len: 0, offset: 0 });
  });
});

describe('a stream job and its errors', () => {
  it('saves what can be saved when errors are ignored, down to the cluster, and fails in the end', async () => {
    const { clock, job, source, overlay } = setUp({ onError: 'ignore' });
    const bad = 20 * CLUSTER + 5;
    source.fault = (_, offset, length) =>
      offset <= bad && bad < offset + length ? { code: 'io', message: 'bad sector' } : null;
    job.start();
    expect(await clock.run(job.done)).toMatchObject({ kind: 'failed', failure: { message: 'bad sector' } });
    const missing = overlay.states.flatMap((state, cluster) => (state === 'unallocated' ? [cluster] : []));
    expect(missing).toEqual([20]);
    expect(overlay.backing).not.toBe(null);
  });

  it('tells once of requests that fail together, and stops', async () => {
    const { clock, job, source, events } = setUp({ onError: 'stop', lengthBytes: 32 * MIB });
    source.fault = () => ({ code: 'io', message: 'dead' });
    job.start();
    await clock.advance(1000);
    expect(events.filter((event) => event.event === 'BLOCK_JOB_ERROR')).toHaveLength(1);
    expect(job.info()).toMatchObject({ status: 'paused', ioStatus: 'failed' });
  });

  it('reports a closed device whatever the policy', async () => {
    const { clock, job, overlay } = setUp({ onError: 'stop' });
    unwrap(await overlay.close());
    job.start();
    expect(await clock.run(job.done)).toMatchObject({ kind: 'failed', failure: { code: 'closed' } });
  });

  it('waits for a lost source as a state of its own, without errors, and goes on when it is back', async () => {
    const { clock, job, source, names, reads } = setUp({ onSourceLost: WAIT, remote: true });
    source.fault = () => unreachable;
    const startMs = clock.now();
    job.start();
    await clock.advance(20_000);
    expect(job.info()).toMatchObject({
      status: 'running',
      ioStatus: 'ok',
      waitingForSource: { sinceMs: startMs + 5, failure: unreachable },
    });
    // A try after 0.5, 1, 2, 4 and 8 s; at most the window's three requests at first, one by one later.
    expect(reads.length).toBeLessThanOrEqual(8);
    source.fault = () => null;
    expect(await clock.run(job.done)).toEqual({ kind: 'completed' });
    expect(names().slice(2, 4)).toEqual(['STREAM_SOURCE_LOST', 'STREAM_SOURCE_BACK']);
    expect(job.info().waitingForSource).toBe(null);
  });

  it.each(['source-refused', 'source-changed'] as const)(
    'waits for a source that is %s, as somebody may put it back',
    async (code) => {
      const { clock, job, source } = setUp({ onSourceLost: WAIT, remote: true });
      const gone = { code, message: 'the server answered with status 404' };
      source.fault = () => gone;
      job.start();
      await clock.advance(60_000);
      expect(job.info()).toMatchObject({ status: 'running', waitingForSource: { failure: gone } });
      source.fault = () => null;
      expect(await clock.run(job.done)).toEqual({ kind: 'completed' });
    },
  );

  it('can be cancelled, and told to retry, while it waits for a source', async () => {
    const { clock, job, source } = setUp({ onSourceLost: WAIT, remote: true, lengthBytes: 64 * MIB });
    const lost = { ...unreachable, retryAfterMs: 3_600_000 };
    source.fault = () => lost;
    job.start();
    await clock.advance(1000);
    source.fault = () => null;
    job.retryNow();
    await clock.advance(20);
    expect(job.info().offset).toBeGreaterThan(0);
    source.fault = () => lost;
    await clock.advance(1000);
    expect(job.info().waitingForSource).not.toBe(null);
    unwrap(job.cancel());
    const atMs = clock.now();
    expect(await clock.run(job.done)).toEqual({ kind: 'cancelled' });
    expect(clock.now() - atMs).toBeLessThan(100);
  });
});

describe('a stream job and its speed', () => {
  it('goes at a new speed at once, up or down', async () => {
    const { clock, job } = setUp({ lengthBytes: 64 * MIB, speed: 64 * KIB });
    job.start();
    await clock.advance(1000);
    expect(job.info().offset).toBeLessThan(512 * KIB);
    unwrap(job.setSpeed(16 * MIB));
    await clock.advance(1000);
    const fast = job.info().offset;
    expect(fast).toBeGreaterThan(14 * MIB);
    unwrap(job.setSpeed(1 * MIB));
    await clock.advance(4000);
    expect(job.info().offset - fast).toBeLessThan(9 * MIB);
    await clock.advance(4000);
    expect(job.info().rate).toBeLessThan(3 * MIB);
    unwrap(job.setSpeed(0));
    await clock.run(job.done);
  });

  it('shares a limit with others and stays below it', async () => {
    const { clock, overlay } = setUp({ lengthBytes: 16 * MIB });
    const limit = new TokenBucket(clock, 2 * MIB);
    const job = new StreamJob({ id: 'job1', clock, target: unwrap(overlayTarget(overlay)), limit });
    const startMs = clock.now();
    job.start();
    await clock.advance(4000);
    const { rate, etaMs, offset, speed } = job.info();
    expect(speed).toBe(0);
    expect(rate / MIB).toBeCloseTo(2, 0);
    expect(offset).toBeLessThanOrEqual(4 * 2 * MIB + MIB);
    expect(etaMs).toBeGreaterThan(3000);
    expect(etaMs).toBeLessThan(5000);
    await clock.run(job.done);
    expect(clock.now() - startMs).toBeGreaterThan(7500);
    expect(clock.now() - startMs).toBeLessThan(8500);
  });
});

describe('a stream job beside a guest', () => {
  /** A guest that reads far away clusters one after the other while the job streams; returns its mean wait. */
  async function guestBeside(withJob: boolean): Promise<{ meanMs: number; streamed: number }> {
    const clockAndMore = setUp({ lengthBytes: 64 * MIB, remote: true });
    const { clock, source, overlay } = clockAndMore;
    source.latency = new SimulatedLink(clock, 30, 2_500_000).latency;
    const limit = new TokenBucket(clock, 0);
    const job = new StreamJob({ id: 'j', clock, target: unwrap(overlayTarget(overlay)), limit });
    if (withJob) job.start();
    await clock.advance(2000);
    const before = job.info().offset;
    const startMs = clock.now();
    await clock.run(
      (async () => {
        for (let i = 0; i < 40; i++) {
          limit.demandBegan();
          await source.read(32 * MIB + i * CLUSTER, new Uint8Array(4096));
          limit.demandEnded();
          await clock.delay(8);
        }
      })(),
    );
    return { meanMs: (clock.now() - startMs) / 40 - 8, streamed: job.info().offset - before };
  }

  it('leaves the line to guests that wait, but does not starve', async () => {
    const alone = await guestBeside(false);
    const beside = await guestBeside(true);
    expect(beside.meanMs).toBeLessThan(alone.meanMs * 1.25);
    expect(beside.streamed).toBeGreaterThan(0);
  });

  it('fetches a boot profile first, in its order, and everything in the end', async () => {
    const profile = new BootProfile([
      { offset: 40 * CLUSTER + 100, length: 4096 },
      { offset: 7 * CLUSTER, length: 512 },
    ]);
    const { clock, job, reads } = setUp({ order: [profile] });
    job.start();
    expect(await clock.run(job.done)).toEqual({ kind: 'completed' });
    expect(reads.slice(0, 2)).toEqual([40 * CLUSTER, 7 * CLUSTER]);
  });

  it('does not spin while all that is missing is in the hands of somebody else', async () => {
    const { clock, job, overlay, names } = setUp({ lengthBytes: 4 * CLUSTER });
    const claim = unwrap(await clock.run(overlay.claim(0, CLUSTER)));
    let lookUps = 0;
    overlay.fault = (operation) => {
      if (operation === 'look-up') lookUps += 1;
      return null;
    };
    job.start();
    await clock.advance(1000);
    expect(lookUps).toBeLessThan(5000);
    expect(names()).toEqual(['created', 'running']);
    claim?.release();
    expect(await clock.run(job.done)).toEqual({ kind: 'completed' });
  });

  it('lets other work of its thread have a turn between requests', async () => {
    const { clock, job } = setUp({
      sourceMs: -1,
      lengthBytes: 64 * MIB,
      window: new FixedWindow(4 * MIB, 2),
    });
    let turns = 0;
    const turn = () => {
      turns += 1;
      if (job.status === 'running') clock.after(0, turn);
    };
    job.start();
    clock.after(0, turn);
    await clock.run(job.done);
    expect(turns).toBeGreaterThanOrEqual(16);
  });
});
