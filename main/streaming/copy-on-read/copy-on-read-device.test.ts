import { describe, expect, it } from 'vitest';
import { err, unwrap, type Failure } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import { SimulatedDevice, type SimulatedDeviceOptions } from '../../../test/support/simulated-device.ts';
import { MemoryOverlay } from '../../../test/support/memory-overlay.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { SimulatedLink } from '../../../test/support/simulated-link.ts';
import { WAIT } from '../waiting/back-off.ts';
import { CopyOnReadDevice, type CopyOnReadOptions } from './copy-on-read-device.ts';
import type { WaitingForData } from './observer.ts';
import { TokenBucket } from '../limits/token-bucket.ts';

const CLUSTER = 64 * KIB;

interface Setup extends Partial<Omit<CopyOnReadOptions, 'clock'>> {
  readonly source?: Partial<SimulatedDeviceOptions>;
  readonly storeMs?: number;
  readonly lengthBytes?: number;
}

function setUp(options: Setup = {}) {
  const clock = new SimulatedClock();
  const lengthBytes = options.lengthBytes ?? 16 * CLUSTER;
  const content = new Uint8Array(lengthBytes).map((_, at) => (at >> 9) % 251 || 7);
  content.fill(0, 8 * CLUSTER, 10 * CLUSTER);
  const reads: string[] = [];
  const source = new SimulatedDevice(content, {
    clock,
    remote: true,
    latency: () => 30,
    onRead: (offset, length) => reads.push(`${offset / CLUSTER}+${length / CLUSTER}`),
    ...options.source,
  });
  const overlay = new MemoryOverlay({
    clock,
    lengthBytes,
    clusterBytes: CLUSTER,
    backing: source,
    latency: (operation) => (operation === 'store' ? (options.storeMs ?? 1) : -1),
  });
  const device = new CopyOnReadDevice(overlay, { clock, ...options });
  const read = async (offset: number, length: number) => {
    const target = new Uint8Array(length);
    unwrap(await device.read(offset, target));
    return target;
  };
  return { clock, content, source, overlay, device, reads, read };
}

const unreachable: Failure = { code: 'source-unreachable', message: 'no answer' };

describe('copy-on-read', () => {
  it('keeps whole clusters of what was read, and reads them locally afterwards', async () => {
    const { clock, content, device, overlay, reads, read } = setUp();
    expect(await clock.run(read(CLUSTER + 100, 200))).toEqual(content.slice(CLUSTER + 100, CLUSTER + 300));
    unwrap(await clock.run(device.flush()));
    expect(overlay.states.slice(0, 3)).toEqual(['unallocated', 'data', 'unallocated']);
    expect(await clock.run(read(CLUSTER, CLUSTER))).toEqual(content.slice(CLUSTER, 2 * CLUSTER));
    expect(reads).toEqual(['1+1']);
  });

  it('keeps zeroes as zero marks', async () => {
    const { clock, device, overlay, read } = setUp();
    await clock.run(read(7 * CLUSTER, 3 * CLUSTER));
    unwrap(await clock.run(device.flush()));
    expect(overlay.states.slice(7, 11)).toEqual(['data', 'zero', 'zero', 'unallocated']);
  });

  it('answers the guest before the copy is stored', async () => {
    const { clock, device, overlay, read } = setUp({ storeMs: 500 });
    const startMs = clock.now();
    await clock.run(read(0, 512));
    expect(clock.now() - startMs).toBe(30);
    expect(device.pendingStoreBytes).toBe(CLUSTER);
    expect(overlay.states[0]).toBe('unallocated');
    unwrap(await clock.run(device.close()));
    expect(overlay.states[0]).toBe('data');
  });

  it('serves a second read of data that is waiting to be stored without fetching it again', async () => {
    const { clock, reads, read } = setUp({ mostPendingBytes: CLUSTER, storeMs: 100 });
    await clock.run(Promise.all([read(0, 512), read(1024, 512), read(4096, 512)]));
    expect(reads).toEqual(['0+1']);
  });

  it('holds guests back when the local disk is slower than the source', async () => {
    const { clock, device, read } = setUp({ mostPendingBytes: 2 * CLUSTER, storeMs: 1000 });
    const startMs = clock.now();
    await clock.run(Promise.all([0, 2, 4, 6].map((cluster) => read(cluster * CLUSTER, 512))));
    expect(clock.now() - startMs).toBeGreaterThan(1000);
    expect(device.pendingStoreBytes).toBeLessThanOrEqual(2 * CLUSTER);
  });

  it('gives the guest its data when the copy cannot be stored, and says so', async () => {
    const failed: string[] = [];
    const observer = { storeFailed: (_: unknown, failure: Failure) => failed.push(failure.code) };
    const { clock, content, device, overlay, read } = setUp({ observer });
    overlay.fault = (operation) => (operation === 'store' ? err('no-space', 'full').failure : null);
    expect(await clock.run(read(0, 512))).toEqual(content.slice(0, 512));
    unwrap(await clock.run(device.flush()));
    expect(failed).toEqual(['no-space']);
    expect(device.failedStores).toBe(1);
    expect(await clock.run(read(0, 512))).toEqual(content.slice(0, 512));
  });

  it('never overwrites what the guest wrote while the cluster was on its way', async () => {
    const { clock, device, read } = setUp();
    const data = new Uint8Array(512).fill(0xaa);
    const reading = read(0, 512);
    await clock.advance(5);
    const writing = device.write(1024, data);
    await clock.run(Promise.all([reading, writing]));
    unwrap(await clock.run(device.flush()));
    expect(await clock.run(read(1024, 512))).toEqual(data);
  });

  it('fails a read only when the bytes asked for cannot be had, not for the rest of their cluster', async () => {
    const { clock, content, device, source, read } = setUp({ source: { remote: false } });
    source.fault = (_, offset, length) =>
      offset <= 5000 && 5000 < offset + length ? err('io', 'bad sector').failure : null;
    expect(await clock.run(read(8192, 512))).toEqual(content.slice(8192, 8704));
    expect(await clock.run(device.read(4608, new Uint8Array(512)))).toMatchObject({
      failure: { code: 'io' },
    });
  });

  it('reads past a claim without waiting when the source is local', async () => {
    const { clock, overlay, content, read } = setUp({ source: { remote: false, latency: () => 2 } });
    const claim = unwrap(await clock.run(overlay.claim(0, CLUSTER)));
    expect(await clock.run(read(0, 512))).toEqual(content.slice(0, 512));
    expect(overlay.isClaimed(0)).toBe(true);
    claim?.release();
  });

  it('leaves what is read of a local source to a job that copies everything anyway', async () => {
    let running = true;
    const leftToJob = () => running;
    const near = setUp({ source: { remote: false }, leftToJob });
    expect(await near.clock.run(near.read(512, 512))).toEqual(near.content.slice(512, 1024));
    expect(near.reads).toEqual([`${512 / CLUSTER}+${512 / CLUSTER}`]);
    expect(near.device.pendingStoreBytes).toBe(0);
    running = false;
    await near.clock.run(near.read(512, 512));
    unwrap(await near.clock.run(near.device.flush()));
    expect(near.overlay.states[0]).toBe('data');
    const far = setUp({ leftToJob: () => true });
    await far.clock.run(far.read(512, 512));
    expect(far.reads).toEqual(['0+1']);
  });

  it('tells of guest accesses, and which of them missed', async () => {
    const seen: string[] = [];
    const { clock, device, read } = setUp({
      observer: { guestAccess: (a) => seen.push(`${a.kind} ${a.offset} ${a.length} ${a.missed}`) },
    });
    await clock.run(read(0, 512));
    unwrap(await clock.run(device.write(0, new Uint8Array(512))));
    await clock.run(read(0, 512));
    expect(seen).toEqual(['read 0 512 true', 'write 0 512 false', 'read 0 512 false']);
  });

  it('refuses everything once closed', async () => {
    const { clock, device, overlay } = setUp();
    unwrap(await clock.run(device.close()));
    expect(await device.read(0, new Uint8Array(1))).toMatchObject({ failure: { code: 'closed' } });
    expect(await device.write(0, new Uint8Array(1))).toMatchObject({ failure: { code: 'closed' } });
    expect(overlay.requestsAfterClose).toBe(0);
  });
});

describe('copy-on-read and its limits', () => {
  it('debits demand without making it wait, and marks it for background work', async () => {
    const limitClock = new SimulatedClock();
    const bucket = new TokenBucket(limitClock, 1000);
    const { clock, read } = setUp({ limit: bucket });
    const reading = read(0, 512);
    await clock.advance(5);
    expect(bucket.quietMs()).toBe(0);
    await clock.run(reading);
    expect(bucket.quietMs()).toBe(0);
    await limitClock.advance(10);
    expect(bucket.quietMs()).toBe(10);
    expect(bucket.take(1)).toBeGreaterThan(60_000);
  });
});

describe('copy-on-read of guests that read forwards from far away', () => {
  const far = (bytesPerSecond: number) => {
    const setup = setUp({ lengthBytes: 16 * MIB });
    const link = new SimulatedLink(setup.clock, 30, bytesPerSecond);
    setup.source.latency = link.latency;
    return setup;
  };

  it('fetches ahead, so that the line and not the round trips set the pace', async () => {
    const { clock, read, source } = far(100_000_000);
    const startMs = clock.now();
    await clock.run(
      (async () => {
        for (let at = 0; at < 8 * MIB; at += 16 * KIB) await read(at, 16 * KIB);
      })(),
    );
    // Cluster by cluster it would take 128 round trips: 3.9 s.
    expect(clock.now() - startMs).toBeLessThan(1500);
    expect(source.readBytes).toBeLessThanOrEqual(8 * MIB + 5 * MIB);
  });

  it('fetches nothing ahead of scattered reads', async () => {
    const { clock, read, reads } = far(100_000_000);
    for (const cluster of [9, 2, 30, 17]) await clock.run(read(cluster * CLUSTER, 4096));
    await clock.advance(1000);
    expect(reads).toEqual(['9+1', '2+1', '30+1', '17+1']);
  });

  it('keeps a slow line short enough for another demand read', async () => {
    const { clock, read } = far(2_500_000);
    await clock.run(
      (async () => {
        for (let at = 0; at < 2 * MIB; at += 16 * KIB) await read(at, 16 * KIB);
      })(),
    );
    const startMs = clock.now();
    await clock.run(read(12 * MIB, 4096));
    expect(clock.now() - startMs).toBeLessThan(200);
  });

  it('reads ahead only as far as the limit lets it', async () => {
    const clock = new SimulatedClock();
    const bucket = new TokenBucket(clock, 1000);
    const { clock: own, read, reads } = setUp({ limit: bucket });
    for (let at = 0; at < 2 * CLUSTER; at += 16 * KIB) await own.run(read(at, 16 * KIB));
    await own.advance(1000);
    expect(reads).toEqual(['0+1', '1+1']);
  });
});

describe('copy-on-read of a source that is lost', () => {
  it('fails at once where that is the policy', async () => {
    const { clock, device, source } = setUp();
    source.fault = () => unreachable;
    const read = await clock.run(device.read(0, new Uint8Array(512)));
    expect(read).toMatchObject({ failure: { code: 'source-unreachable' } });
  });

  it('waits and retries with growing delays, says so, and goes on when the source is back', async () => {
    const states: (WaitingForData | null)[] = [];
    const { clock, content, device, source, reads, read } = setUp({
      onSourceLost: WAIT,
      observer: { waitingForData: (state) => states.push(state) },
    });
    source.fault = () => unreachable;
    const startMs = clock.now();
    const reading = Promise.all([read(0, 512), read(5 * CLUSTER, 512)]);
    await clock.advance(10_000);
    expect(device.waitingForData).toMatchObject({ reads: 2, sinceMs: startMs + 30, failure: unreachable });
    // 0.5, 1, 2 and 4 s apart, for both reads.
    expect(reads.length).toBe(10);
    source.fault = () => null;
    const [first] = await clock.run(reading);
    expect(first).toEqual(content.slice(0, 512));
    await clock.advance(1);
    expect(states.at(-1)).toBe(null);
    expect(device.waitingForData).toBe(null);
  });

  it('waits as long as the source asks', async () => {
    const { clock, source, reads, read } = setUp({ onSourceLost: WAIT });
    source.fault = () => ({ ...unreachable, retryAfterMs: 60_000 });
    const reading = read(0, 512);
    await clock.advance(59_000);
    expect(reads.length).toBe(1);
    source.fault = () => null;
    await clock.run(reading);
    expect(clock.now()).toBeGreaterThan(60_000);
  });

  it('retries at once when told that the network is back', async () => {
    const { clock, device, source, read } = setUp({ onSourceLost: WAIT });
    source.fault = () => ({ ...unreachable, retryAfterMs: 3_600_000 });
    const reading = read(0, 512);
    await clock.advance(1000);
    source.fault = () => null;
    const startMs = clock.now();
    device.retryNow();
    await clock.run(reading);
    expect(clock.now() - startMs).toBeLessThan(100);
  });

  it('lets a guest write to the clusters meanwhile', async () => {
    const { clock, device, source, read } = setUp({ onSourceLost: WAIT });
    source.fault = () => unreachable;
    const reading = read(0, 512);
    await clock.advance(100);
    const data = new Uint8Array(CLUSTER).fill(9);
    unwrap(await clock.run(device.write(0, data)));
    expect(await clock.run(reading)).toEqual(data.slice(0, 512));
    expect(device.waitingForData).toBe(null);
  });

  it('ends waiting reads with `closed` when the device closes', async () => {
    const { clock, device, source } = setUp({ onSourceLost: WAIT });
    source.fault = () => unreachable;
    const reading = device.read(0, new Uint8Array(512));
    await clock.advance(100);
    unwrap(await clock.run(device.close()));
    expect(await reading).toMatchObject({ failure: { code: 'closed' } });
  });
});
