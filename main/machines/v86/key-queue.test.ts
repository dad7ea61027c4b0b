import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { KeyQueue } from './key-queue.ts';

function queueFor(guest: { ready: boolean }) {
  const clock = new SimulatedClock();
  const sent: number[] = [];
  const queue = new KeyQueue(clock, {
    isReady: () => guest.ready,
    send: (bytes) => {
      sent.push(...bytes);
      guest.ready = false;
    },
  });
  return { clock, sent, queue };
}

const keys = (count: number) => Array.from({ length: count }, (_, index) => [index]);

describe('keys on their way to a guest', () => {
  it('wait until the guest has taken the one before', async () => {
    const guest = { ready: true };
    const { clock, sent, queue } = queueFor(guest);
    queue.push([1]);
    queue.push([2]);
    await clock.advance(1000);
    expect(sent).toEqual([1]);
    guest.ready = true;
    await clock.advance(30);
    expect(sent).toEqual([1, 2]);
  });

  it('tell when the guest has taken the last one of a text', async () => {
    const guest = { ready: true };
    const { clock, sent, queue } = queueFor(guest);
    let outcome: unknown;
    void queue.type(keys(3)).then((result) => (outcome = result));
    for (const taken of [1, 2, 3]) {
      await clock.advance(100);
      expect([sent.length, outcome]).toEqual([taken, undefined]);
      guest.ready = true;
    }
    await clock.advance(100);
    expect(outcome).toEqual({ ok: true, value: undefined });
  });

  it('are forgotten when the machine is reset, also by who waits for them', async () => {
    const guest = { ready: true };
    const { clock, sent, queue } = queueFor(guest);
    const typed = queue.type(keys(3));
    queue.clear('reset');
    expect(await typed).toMatchObject({ failure: { code: 'closed', message: 'reset' } });
    guest.ready = true;
    await clock.advance(1000);
    expect(sent).toEqual([0]);
    queue.push([9]);
    expect(sent).toEqual([0, 9]);
  });

  it('are bounded, however long the guest takes none', async () => {
    const { queue } = queueFor({ ready: false });
    void queue.type(keys(4000));
    expect(await queue.type(keys(97))).toMatchObject({ failure: { code: 'busy' } });
    expect(await queue.type([])).toMatchObject({ ok: true });
  });
});
