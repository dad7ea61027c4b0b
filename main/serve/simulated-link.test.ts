import { describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../shared/units.ts';
import { SimulatedClock } from '../../test/support/simulated-clock.ts';
import { SimulatedLink } from './simulated-link.ts';

/** 1000 bytes per millisecond. */
const EIGHT_MBIT = { bitsPerSecond: 8e6, roundTripMs: 30 };

/** Sends `bytes` over a flow of its own; returns when the last of them arrives. */
async function transfer(link: SimulatedLink, bytes: number): Promise<number> {
  const flow = link.flow();
  let arrivesMs = 0;
  for (let sent = 0; sent < bytes; sent += link.chunkBytes) {
    arrivesMs = await flow.send(Math.min(link.chunkBytes, bytes - sent));
  }
  return arrivesMs;
}

describe('a simulated link', () => {
  it('lets bytes queue as on one line', async () => {
    const clock = new SimulatedClock(0);
    const link = new SimulatedLink(EIGHT_MBIT, clock);
    expect([link.enqueue(5000), link.enqueue(1000)]).toEqual([5, 6]);
    await clock.advance(4);
    expect(link.enqueue(1000)).toBe(7);
  });

  it('does not save up what it could have carried while it was idle', async () => {
    const clock = new SimulatedClock(0);
    const link = new SimulatedLink(EIGHT_MBIT, clock);
    await clock.advance(1000);
    expect(link.enqueue(5000)).toBe(1005);
  });

  it('carries exactly its rate, however many share it', async () => {
    for (const flows of [1, 2, 7]) {
      const clock = new SimulatedClock(0);
      const link = new SimulatedLink(EIGHT_MBIT, clock);
      const all = Promise.all(Array.from({ length: flows }, () => transfer(link, 700_000 / flows)));
      expect(Math.max(...(await clock.drive(all)))).toBeCloseTo(700, 6);
    }
  });

  it('shares itself evenly', async () => {
    const clock = new SimulatedClock(0);
    const link = new SimulatedLink(EIGHT_MBIT, clock);
    const [first, second] = await clock.drive(
      Promise.all([transfer(link, 400_000), transfer(link, 400_000)]),
    );
    expect(second).toBeCloseTo(800, 6);
    expect(second - first).toBeLessThan(link.windowBytes / 1000 + 1);
  });

  it('lets a short answer pass between the pieces of long ones', async () => {
    const clock = new SimulatedClock(0);
    const link = new SimulatedLink(EIGHT_MBIT, clock);
    const long = transfer(link, MIB);
    const short = await clock.drive(transfer(link, 4000));
    expect(short).toBeLessThanOrEqual((link.windowBytes + 4000) / 1000);
    await clock.drive(long);
  });

  it('keeps a connection to one window per round trip', async () => {
    const clock = new SimulatedClock(0);
    const link = new SimulatedLink({ bitsPerSecond: null, roundTripMs: 20, windowBytes: 256 * KIB }, clock);
    expect(await clock.drive(transfer(link, MIB))).toBe(60);
    const four = Array.from({ length: 4 }, () => transfer(link, MIB));
    expect(await clock.drive(Promise.all(four))).toEqual([120, 120, 120, 120]);
  });

  it('bounds what is under way even without limits of its own', () => {
    const link = new SimulatedLink({ bitsPerSecond: null, roundTripMs: 20 }, new SimulatedClock(0));
    expect(link.windowBytes).toBeLessThanOrEqual(4 * MIB);
  });
});
