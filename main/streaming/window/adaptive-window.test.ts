import { describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../../shared/units.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { SimulatedLink } from '../../../test/support/simulated-link.ts';
import { AdaptiveWindow } from './adaptive-window.ts';

const CLUSTER_BYTES = 64 * KIB;

interface Run {
  /** Largest number of bytes outstanding after the first second. */
  readonly outstandingBytes: number;
  /** Share of the line's capacity that was used after the first second. */
  readonly use: number;
  /** When the window first let 16 MiB out, in milliseconds. */
  readonly deepAtMs: number | null;
}

/** Keeps the window full for `durationMs` over a line that answers after `serviceMs(bytes)`. */
async function fill(
  clock: SimulatedClock,
  window: AdaptiveWindow,
  serviceMs: (bytes: number) => number,
  bytesPerSecond: number,
  durationMs: number,
): Promise<Run> {
  const startMs = clock.now();
  let [outstanding, most, arrived] = [0, 0, 0];
  let deepAtMs: number | null = null;
  let wake = () => {};
  while (clock.now() - startMs < durationMs) {
    const bytes = window.requestBytes;
    if (!window.admits(outstanding, bytes)) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      continue;
    }
    const departure = window.began(bytes, outstanding);
    outstanding += bytes;
    if (outstanding >= 16 * MIB) deepAtMs ??= clock.now() - startMs;
    if (clock.now() - startMs > 1000) most = Math.max(most, outstanding);
    clock.after(serviceMs(bytes), () => {
      outstanding -= bytes;
      if (clock.now() - startMs > 1000) arrived += bytes;
      window.ended(departure, bytes);
      wake();
    });
  }
  return { outstandingBytes: most, use: arrived / ((bytesPerSecond * (durationMs - 1000)) / 1000), deepAtMs };
}

function onLink(roundTripMs: number, bytesPerSecond: number, durationMs = 15_000): Promise<Run> {
  const clock = new SimulatedClock();
  const link = new SimulatedLink(clock, roundTripMs, bytesPerSecond);
  const window = new AdaptiveWindow(clock, CLUSTER_BYTES);
  return clock.run(fill(clock, window, (bytes) => link.latency('read', bytes), bytesPerSecond, durationMs));
}

describe('the adaptive window', () => {
  it('keeps about two bandwidth-delay products outstanding on a line of 20 Mbit/s and 30 ms', async () => {
    const bytesPerSecond = 2_500_000;
    const product = bytesPerSecond * 0.03;
    const run = await onLink(30, bytesPerSecond);
    expect(run.outstandingBytes / product).toBeLessThan(2.7);
    expect(run.use).toBeGreaterThan(0.8);
  });

  it('fills a line of 100 Mbit/s and 30 ms without queueing much', async () => {
    const bytesPerSecond = 12_500_000;
    const run = await onLink(30, bytesPerSecond);
    expect(run.outstandingBytes / (bytesPerSecond * 0.03)).toBeLessThan(3);
    expect(run.use).toBeGreaterThan(0.9);
  });

  it('has 16 MiB in flight within a second where 1 GB/s arrives after 20 ms', async () => {
    const run = await onLink(20, 1_000_000_000, 3000);
    expect(run.deepAtMs).toBeLessThan(1000);
    expect(run.use).toBeGreaterThan(0.85);
  });

  it('uses a fast source on the same machine fully', async () => {
    const run = await onLink(0.3, 500_000_000, 3000);
    expect(run.use).toBeGreaterThan(0.9);
  });

  it('asks over many connections where each carries only 256 KiB per 20 ms', async () => {
    const clock = new SimulatedClock();
    const window = new AdaptiveWindow(clock, CLUSTER_BYTES);
    const [connections, roundTripMs] = [16, 20];
    const freeAtMs = Array.from({ length: connections }, () => 0);
    const serviceMs = (bytes: number) => {
      const which = freeAtMs.indexOf(Math.min(...freeAtMs));
      const startMs = Math.max(clock.now(), freeAtMs[which] ?? 0);
      const endMs = startMs + roundTripMs * Math.ceil(bytes / (256 * KIB));
      freeAtMs[which] = endMs;
      return endMs - clock.now();
    };
    const capacity = (connections * 256 * KIB * 1000) / roundTripMs;
    const run = await clock.run(fill(clock, window, serviceMs, capacity, 10_000));
    expect(run.use).toBeGreaterThan(0.8);
  });

  it('follows a line that becomes slower and longer', async () => {
    const clock = new SimulatedClock();
    const window = new AdaptiveWindow(clock, CLUSTER_BYTES);
    const fast = new SimulatedLink(clock, 20, 50_000_000);
    const slow = new SimulatedLink(clock, 150, 2_000_000);
    await clock.run(fill(clock, window, (bytes) => fast.latency('read', bytes), 50_000_000, 10_000));
    const settling = fill(clock, window, (bytes) => slow.latency('read', bytes), 2_000_000, 50_000);
    expect((await clock.run(settling)).use).toBeGreaterThan(0.8);
    await clock.advance(1000);
    const after = fill(clock, window, (bytes) => slow.latency('read', bytes), 2_000_000, 20_000);
    const run = await clock.run(after);
    expect(run.outstandingBytes / (2_000_000 * 0.15)).toBeLessThan(3);
    expect(run.use).toBeGreaterThan(0.8);
  });

  it('does not take holes that cost nothing for a fast line', () => {
    const window = new AdaptiveWindow(new SimulatedClock(), CLUSTER_BYTES);
    const before = window.windowBytes;
    for (let i = 0; i < 100; i++) window.ended(window.began(CLUSTER_BYTES, 0), 0);
    expect(window.windowBytes).toBe(before);
  });

  it('shrinks when requests fail', () => {
    const clock = new SimulatedClock();
    const window = new AdaptiveWindow(clock, CLUSTER_BYTES);
    window.ended(window.began(4 * CLUSTER_BYTES, 0), null);
    expect(window.windowBytes).toBe(2 * CLUSTER_BYTES);
  });
});
