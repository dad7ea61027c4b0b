import { describe, expect, it } from 'vitest';
import { SharedRun } from './shared-run.ts';

/** An operation whose runs a test ends one by one. */
function setUp() {
  const ends: ((value: number) => void)[] = [];
  const run = new SharedRun(() => new Promise<number>((resolve) => ends.push(resolve)));
  return { run, ends };
}

describe('a shared run', () => {
  it('gives who asks during a run the next one, together with all who ask meanwhile', async () => {
    const { run, ends } = setUp();
    const first = run.request();
    const second = run.request();
    const third = run.request();
    expect(ends).toHaveLength(1);
    ends[0]?.(1);
    expect(await first).toBe(1);
    expect(ends).toHaveLength(2);
    ends[1]?.(2);
    expect(await Promise.all([second, third])).toEqual([2, 2]);
    expect(run.active).toBe(false);
  });

  it('never runs twice at once, also when asked at the very end of a run', async () => {
    let running = 0;
    let most = 0;
    const run: SharedRun<void> = new SharedRun(async () => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
    });
    const ask = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i++) await run.request();
    };
    await Promise.all([ask(50), ask(31), run.request().then(() => ask(20))]);
    expect(most).toBe(1);
  });

  it('goes on after a bug in one run', async () => {
    let runs = 0;
    const run = new SharedRun(async () => {
      if (++runs === 1) throw new Error('bug');
      return runs;
    });
    const [first, second] = await Promise.allSettled([run.request(), run.request()]);
    expect([first.status, second]).toEqual(['rejected', { status: 'fulfilled', value: 2 }]);
  });
});
