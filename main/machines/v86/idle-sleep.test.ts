import { describe, expect, it } from 'vitest';
import { sleepWhenIdle } from './idle-sleep.ts';

/** A loop of v86's, and for how long it has waited so far. */
function loopOf() {
  const waited: number[] = [];
  class Loop {
    yield(delayMs: number): void {
      expect(this).toBe(loop);
      waited.push(delayMs);
    }
  }
  const loop = new Loop();
  expect(sleepWhenIdle({ v86: loop })).toBe(true);
  /** @returns what the loop really waits for when it wants to wait so long */
  const wait = (delayMs: number) => {
    loop.yield(delayMs);
    return waited.at(-1);
  };
  /** Waits for its timer and nothing else, for a while. */
  const idle = () => Array.from({ length: 200 }, () => wait(3.5));
  return { wait, idle };
}

describe('the loop of an idle machine', () => {
  it('sleeps rather than asks whether a timer is due that is less than a millisecond away', () => {
    const { wait, idle } = loopOf();
    idle();
    expect([wait(0.01), wait(0.999)]).toEqual([1, 1]);
  });

  it('sleeps as long as the next timer is away', () => {
    const { wait, idle } = loopOf();
    expect(new Set(idle())).toEqual(new Set([3.5]));
    expect(wait(1)).toBe(1);
  });
});

describe('the loop of a machine at work', () => {
  it('waits no longer than it wants to', () => {
    const { wait } = loopOf();
    expect([wait(3.5), wait(0.2), wait(0)]).toEqual([3.5, 0.2, 0]);
  });

  it('does so again soon after an idle one got to work, but not for a moment of it', () => {
    const { wait, idle } = loopOf();
    idle();
    expect([wait(0), wait(0.2)]).toEqual([0, 1]);
    for (let ms = 0; ms < 300; ms++) wait(0);
    expect(wait(0.2)).toBe(0.2);
  });
});

it('is left alone where the build of v86 is another', () => {
  expect(sleepWhenIdle({ v86: {} })).toBe(false);
  expect(sleepWhenIdle(null)).toBe(false);
});
