import { describe, expect, it } from 'vitest';
import { DONE, err, type Result } from '../../../shared/result.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { Durability } from './durability.ts';

function disk(...results: Result<void>[]) {
  const clock = new SimulatedClock();
  const flushes: number[] = [];
  const start = clock.now();
  const durability = new Durability(clock, async () => {
    flushes.push(clock.now() - start);
    await clock.delay(50);
    return results.shift() ?? DONE;
  });
  return { clock, flushes, durability };
}

describe('durability without flush commands', () => {
  it('flushes 200 ms after the first write, however many follow', async () => {
    const { clock, flushes, durability } = disk();
    for (let count = 0; count < 10; count++) {
      durability.written();
      await clock.advance(100);
    }
    await clock.advance(1000);
    expect(flushes.slice(0, 2)).toEqual([200, 400]);
    expect(flushes.at(-1)).toBeLessThanOrEqual(1100);
  });

  it('leaves a clean disk alone', async () => {
    const { clock, flushes, durability } = disk();
    expect((await durability.flush()).ok).toBe(true);
    durability.written();
    await clock.run(durability.flush());
    await clock.advance(5000);
    expect(flushes).toEqual([0]);
  });

  it('gives a request that comes during a flush a flush of its own, one for all of them', async () => {
    const { clock, flushes, durability } = disk();
    durability.written();
    const first = durability.flush();
    await clock.advance(10);
    durability.written();
    const later = [durability.flush(), durability.flush()];
    await clock.run(Promise.all([first, ...later]));
    await clock.advance(1000);
    expect(flushes).toEqual([0, 50]);
  });

  it('keeps the disk due after a failed flush', async () => {
    const { clock, flushes, durability } = disk(err('io', 'broken'));
    durability.written();
    expect(await clock.run(durability.flush())).toMatchObject({ failure: { code: 'io' } });
    expect(await clock.run(durability.flush())).toEqual(DONE);
    expect(flushes).toEqual([0, 50]);
  });
});
