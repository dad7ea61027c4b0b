import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { HostLine } from './host-line.ts';

/** In the middle of a second. */
const BEGIN_MS = 1_795_650_000_400;
const ENTROPY = `entropy ${'ab'.repeat(32)}`;

function line() {
  const clock = new SimulatedClock();
  const beganAt = clock.now();
  const passed = () => clock.now() - beganAt;
  const said: string[] = [];
  const host = new HostLine({
    clock,
    nowMs: () => BEGIN_MS + passed(),
    random: (bytes) => new Uint8Array(bytes).fill(0xab),
    send: (bytes) => said.push(`${passed()}: ${Buffer.from(bytes).toString().trimEnd()}`),
  });
  const engine = host.around({ run: async () => undefined, stop: async () => undefined });
  const hear = (text: string) => {
    for (const byte of Buffer.from(text)) host.hear(byte);
  };
  const pause = async (ms: number) => {
    await engine.stop();
    await clock.advance(ms);
    await engine.run();
  };
  return { clock, said, host, engine, hear, pause };
}

const GREETING = 'headwater-guest 1\n';

describe('the line from a host to its guest', () => {
  it('is silent to a guest that did not greet', async () => {
    const { clock, said, engine, hear, pause } = line();
    await engine.run();
    hear('login: headwater-guest 1x\nheadwater-guest 2\n');
    await pause(60_000);
    await clock.advance(60_000);
    expect(said).toEqual([]);
  });

  it('answers a greeting with the time, at the full second', async () => {
    const { clock, said, engine, hear } = line();
    await engine.run();
    hear('noise\r\nheadwater-guest 1\r\n');
    await clock.advance(5000);
    expect(said).toEqual(['600: time 1795650001']);
  });

  it('tells the time after a pause that is long enough to notice', async () => {
    const { clock, said, engine, hear, pause } = line();
    await engine.run();
    hear(GREETING);
    await clock.advance(2000);
    said.length = 0;
    await pause(999);
    await clock.advance(2001);
    expect(said).toEqual([]);
    await pause(3_600_000);
    await clock.advance(2000);
    expect(said).toEqual(['3605600: time 1795653606']);
  });

  it('says nothing while the guest stands still, and the time of then afterwards', async () => {
    const { clock, said, engine, hear, pause } = line();
    await engine.run();
    hear(GREETING);
    await pause(500);
    await clock.advance(50);
    await pause(500);
    await clock.advance(5000);
    expect(said).toEqual(['1600: time 1795650002']);
  });

  it('gives a restored guest randomness at once and the time, once each', async () => {
    const { clock, said, host, engine, pause } = line();
    host.restored(true, false);
    await engine.run();
    await clock.advance(5000);
    expect(said).toEqual([`0: ${ENTROPY}`, '600: time 1795650001']);
    await pause(10_000);
    await clock.advance(2000);
    expect(said.slice(2)).toEqual(['15600: time 1795650016']);
  });

  it('tells a guest who it is that goes on from what others go on from too', async () => {
    const { said, host, engine } = line();
    host.restored(true, true);
    await engine.run();
    expect(said).toEqual([`0: ${ENTROPY}`, `0: identity ${'ab'.repeat(16)}`]);
  });

  it('asks a guest to rest, and knows when it does', async () => {
    const { clock, said, host, engine, hear } = line();
    expect(await host.rest()).toBe(false);
    await engine.run();
    hear(GREETING);
    const rested = host.rest();
    expect(said.at(-1)).toBe('0: rest');
    await clock.advance(5000);
    hear('rested\n');
    expect(await rested).toBe(true);
    const restless = host.rest();
    await clock.advance(120_000);
    expect(await restless).toBe(false);
  });

  it('gives a restored guest that did not listen what it missed when it begins to', async () => {
    const { clock, said, host, engine, hear } = line();
    host.restored(false, false);
    await engine.run();
    await clock.advance(5000);
    expect(said).toEqual([]);
    hear(GREETING);
    await clock.advance(1000);
    expect(said).toEqual([`5000: ${ENTROPY}`, '5600: time 1795650006']);
  });

  it('does not take a guest that begins anew for one that listens', async () => {
    const { clock, said, host, engine, hear, pause } = line();
    await engine.run();
    hear(`${GREETING}headwater-`);
    expect(host.listens).toBe(true);
    host.reset();
    expect(host.listens).toBe(false);
    hear('guest 1\n');
    await pause(10_000);
    await clock.advance(10_000);
    expect(said).toEqual([]);
  });

  it('does not keep what a guest says without end', () => {
    const { host, hear } = line();
    hear('x'.repeat(100_000));
    hear(`\n${GREETING}`);
    expect(host.listens).toBe(true);
  });
});
