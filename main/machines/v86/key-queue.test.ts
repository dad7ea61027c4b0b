import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { KeyQueue } from './key-queue.ts';

function guestWithKeyboard() {
  const clock = new SimulatedClock();
  const taken: number[] = [];
  const unread: number[] = [];
  let most = 0;
  const queue = new KeyQueue(clock, {
    send: (bytes) => {
      unread.push(...bytes);
      most = Math.max(most, unread.length);
    },
    unread: () => unread.length,
  });
  const take = (count = unread.length) => taken.push(...unread.splice(0, count));
  return { clock, queue, taken, take, most: () => most };
}

const keys = (count: number) => Array.from({ length: count }, (_, index) => [index & 0xff, 0xff]);

describe('keys on their way to a guest', () => {
  it('all arrive, in order, however late the guest takes them', async () => {
    const { clock, queue, taken, take, most } = guestWithKeyboard();
    for (const key of keys(100)) queue.push(key);
    for (let turn = 0; turn < 300; turn++) {
      await clock.advance(turn % 10 === 0 ? 700 : 10);
      take(turn % 3);
    }
    take();
    expect(taken).toEqual(keys(100).flat());
    expect(most()).toBeLessThan(10);
  });

  it('come one after the other to a guest that takes them at once', async () => {
    const { clock, queue, taken, take } = guestWithKeyboard();
    queue.push([1]);
    take();
    for (let key = 2; key <= 4; key++) queue.push([key]);
    expect(taken).toEqual([1]);
    for (let key = 2; key <= 4; key++) {
      await clock.advance(5);
      take();
      expect(taken.at(-1)).toBe(key);
    }
  });

  it('tell when the guest has taken the last one of a text', async () => {
    const { clock, queue, take } = guestWithKeyboard();
    let outcome: unknown;
    void queue.type([[1], [2], [3]]).then((result) => (outcome = result));
    await clock.advance(1000);
    take(2);
    await clock.advance(1000);
    expect(outcome).toBeUndefined();
    take();
    await clock.advance(1000);
    expect(outcome).toEqual({ ok: true, value: undefined });
  });

  it('are forgotten when the machine is reset, also by who waits for them', async () => {
    const { clock, queue, taken, take } = guestWithKeyboard();
    const typed = queue.type(keys(50));
    queue.clear('reset');
    take();
    expect(await typed).toMatchObject({ failure: { code: 'closed', message: 'reset' } });
    await clock.advance(1000);
    queue.push([9]);
    await clock.advance(1000);
    take();
    expect(taken.at(-1)).toBe(9);
    expect(taken.length).toBeLessThan(12);
  });

  it('are bounded, however long the guest takes none', async () => {
    const { queue } = guestWithKeyboard();
    void queue.type(keys(4000));
    expect(await queue.type(keys(200))).toMatchObject({ failure: { code: 'busy' } });
    expect(await queue.type([])).toMatchObject({ ok: true });
  });
});
