import { describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../../shared/units.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { MirrorHealth } from './mirror-health.ts';

function newHealth(random = 0.5) {
  const clock = new SimulatedClock();
  return { clock, health: new MirrorHealth(clock, () => random) };
}

const answer = (requestedBytes: number, timeToFirstByteMs: number, totalMs: number) => ({
  requestedBytes,
  timeToFirstByteMs,
  totalMs,
});

describe('the health of a mirror', () => {
  it('is unknown until it has answered', () => {
    const { health } = newHealth();
    expect(health.state).toBe('untried');
    health.note(answer(MIB, 30, 1030));
    expect([health.state, health.firstByteMs, health.bytesPerSecond]).toEqual(['good', 30, MIB]);
  });

  it('predicts by distance and rate, and by what is under way', () => {
    const { health } = newHealth();
    health.note(answer(MIB, 20, 1020));
    expect(health.expectedMs(MIB / 2)).toBe(520);
    for (let request = 0; request < 4; request++) health.began();
    expect(health.expectedMs(MIB / 2)).toBe(1040);
  });

  it('follows changes, but not a single one at once', () => {
    const { health } = newHealth();
    health.note(answer(MIB, 20, 20));
    health.note(answer(MIB, 1020, 1020));
    expect(health.firstByteMs).toBe(320);
    for (let sample = 0; sample < 30; sample++) health.note(answer(MIB, 1020, 1020));
    expect(health.firstByteMs).toBeGreaterThan(1000);
  });

  it('learns no rate from small answers', () => {
    const { health } = newHealth();
    health.note(answer(KIB, 10, 11));
    expect([health.firstByteMs, health.bytesPerSecond]).toEqual([10, null]);
  });

  it('rests after a failure, twice as long after each, for five minutes at most', async () => {
    const { clock, health } = newHealth();
    const rests: number[] = [];
    for (let failure = 0; failure < 12; failure++) {
      health.failed(1);
      expect(health.state).toBe('resting');
      rests.push(health.restMs);
      await clock.advance(health.restMs);
      expect(health.state).toBe('recovering');
    }
    expect(rests.slice(0, 4)).toEqual([1000, 2000, 4000, 8000]);
    expect(Math.max(...rests)).toBe(300_000);
  });

  it('rests for longer or shorter by chance, so that not everybody returns at once', () => {
    const [short, long] = [newHealth(0), newHealth(1)];
    short.health.failed(1);
    long.health.failed(1);
    expect([short.health.restMs, long.health.restMs]).toEqual([500, 1500]);
  });

  it('rests for as long as it asked for', () => {
    const { health } = newHealth();
    health.failed(1, 60_000);
    expect(health.restMs).toBe(60_000);
  });

  it('counts failures of requests that were under way together once', () => {
    const { health } = newHealth();
    for (let request = 0; request < 8; request++) health.failed(1);
    expect(health.restMs).toBe(1000);
  });

  it('takes wrong bytes for worse than none', () => {
    const { health } = newHealth();
    health.failed(4);
    expect(health.restMs).toBe(8000);
  });

  it('is good again after one success', async () => {
    const { clock, health } = newHealth();
    health.note(answer(MIB, 20, 120));
    health.failed(4);
    await clock.advance(8000);
    health.began();
    health.ended(true);
    expect(health.state).toBe('good');
    health.failed(1);
    expect(health.restMs).toBe(1000);
  });
});
