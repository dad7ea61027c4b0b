import { describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../../shared/units.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { LocalWindow } from './local-window.ts';

/** Copies `requests` requests one after the other, two handed out at a time, at so many MiB a second. */
async function copy(
  clock: SimulatedClock,
  window: LocalWindow,
  requests: number,
  rate: number,
): Promise<void> {
  let waiting = window.began(window.requestBytes);
  for (let i = 0; i < requests; i++) {
    const copying = waiting;
    waiting = window.began(window.requestBytes);
    await clock.advance((copying.bytes / MIB / rate) * 1000);
    window.ended(copying, copying.bytes);
  }
  await clock.advance((waiting.bytes / MIB / rate) * 1000);
  window.ended(waiting, waiting.bytes);
}

function windowAt(): { clock: SimulatedClock; window: LocalWindow } {
  const clock = new SimulatedClock();
  return { clock, window: new LocalWindow(clock) };
}

describe('the window of a source on the same machine', () => {
  it('begins with requests of 4 MiB, two at a time', () => {
    const { window } = windowAt();
    expect(window.requestBytes).toBe(4 * MIB);
    expect(window.admits(0, 4 * MIB)).toBe(true);
    expect(window.admits(4 * MIB, 4 * MIB)).toBe(true);
    expect(window.admits(8 * MIB, 4 * MIB)).toBe(false);
  });

  it('asks for what is copied in 20 ms, so that few requests end beside a guest', async () => {
    const { clock, window } = windowAt();
    await copy(clock, window, 10, 1000);
    expect(window.requestBytes / MIB).toBeCloseTo(20, 0);
  });

  it('grows by doubling, up to 32 MiB', async () => {
    const { clock, window } = windowAt();
    await copy(clock, window, 1, 5000);
    expect(window.requestBytes).toBe(16 * MIB);
    await copy(clock, window, 10, 5000);
    expect(window.requestBytes).toBe(32 * MIB);
  });

  it('keeps to 4 MiB where copying is slow: who writes to what is being copied waits for a request', async () => {
    const { clock, window } = windowAt();
    await copy(clock, window, 10, 80);
    expect(window.requestBytes).toBe(4 * MIB);
  });

  it('gives way at once when copying becomes slow', async () => {
    const { clock, window } = windowAt();
    await copy(clock, window, 10, 1500);
    expect(window.requestBytes / MIB).toBeCloseTo(30, 0);
    const departure = window.began(30 * MIB);
    await clock.advance(100);
    window.ended(departure, 30 * MIB);
    expect(window.requestBytes / MIB).toBeCloseTo(6, 0);
  });

  it('learns nothing from holes, from failures, and from what is small', async () => {
    const { clock, window } = windowAt();
    for (const [bytes, fetchedBytes] of [
      [4 * MIB, 0],
      [4 * MIB, null],
      [64 * KIB, 64 * KIB],
    ] as const) {
      const departure = window.began(bytes);
      await clock.advance(0.1);
      window.ended(departure, fetchedBytes);
    }
    expect(window.requestBytes).toBe(4 * MIB);
  });
});
