import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { Progress } from './progress.ts';

/** Notes `bytes` more every 100 ms for `durationMs`. */
async function go(
  clock: SimulatedClock,
  progress: Progress,
  from: number,
  bytes: number,
  durationMs: number,
) {
  let settled = from;
  for (let ms = 0; ms < durationMs; ms += 100) {
    await clock.advance(100);
    settled += bytes;
    progress.note(settled, bytes);
  }
  return settled;
}

describe('progress', () => {
  it('takes the rate over the last ten seconds', async () => {
    const clock = new SimulatedClock();
    const progress = new Progress(clock, 1e9);
    const settled = await go(clock, progress, 0, 1000, 30_000);
    expect(progress.rate()).toBeCloseTo(10_000, -2);
    await go(clock, progress, settled, 5000, 11_000);
    expect(progress.rate()).toBeCloseTo(50_000, -3);
  });

  it('falls to nothing when nothing arrives', async () => {
    const clock = new SimulatedClock();
    const progress = new Progress(clock, 1e9);
    await go(clock, progress, 0, 1000, 10_000);
    await clock.advance(990_000);
    expect(progress.rate()).toBeLessThan(110);
  });

  it('estimates the end once the pace is steady, and not before', async () => {
    const clock = new SimulatedClock();
    const progress = new Progress(clock, 1_000_000);
    let settled = await go(clock, progress, 0, 1000, 2000);
    expect(progress.etaMs()).toBe(null);
    settled = await go(clock, progress, settled, 1000, 3000);
    expect(progress.etaMs()).toBeCloseTo(95_000, -4);
    await go(clock, progress, settled, 20_000, 2000);
    expect(progress.etaMs()).toBe(null);
    progress.restart();
    expect(progress.etaMs()).toBe(null);
  });
});
