import { describe, expect, it } from 'vitest';
import { DONE, ok, unwrap } from '../../../shared/result.ts';
import type { StreamTarget } from './stream-target.ts';
import { GuestLed } from '../order/guest-led.ts';
import type { OrderPolicy } from '../order/order-policy.ts';
import { Planner } from './planner.ts';

const CLUSTER = 10;

/** A target of clusters, of which the named ones are missing. */
function target(missing: Set<number>, lengthBytes = 1000): StreamTarget {
  return {
    name: 'target',
    lengthBytes,
    clusterBytes: CLUSTER,
    remote: false,
    findMissing: async (from, to) => {
      for (let cluster = Math.ceil(from / CLUSTER); cluster * CLUSTER < to; cluster++) {
        if (!missing.has(cluster)) continue;
        let end = cluster;
        while (missing.has(end)) end++;
        return ok({ offset: cluster * CLUSTER, length: Math.min(end * CLUSTER, to) - cluster * CLUSTER });
      }
      return ok(null);
    },
    populate: async () => ok({ dataBytes: 0, zeroBytes: 0, skippedBytes: 0 }),
    finish: async () => DONE,
  };
}

function clusters(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

function wish(name: string, ...offsets: number[]): OrderPolicy {
  return {
    name,
    urgent: name === 'urgent',
    next: () => {
      const offset = offsets.shift();
      return offset === undefined ? null : { offset, length: 1 };
    },
  };
}

describe('the planner', () => {
  it('collects several holes into one request, up to its size', async () => {
    const planner = new Planner(target(new Set([1, 2, 5, 8, 9])), []);
    const plan = unwrap(await planner.next(45));
    expect(plan).toMatchObject({
      bytes: 40,
      ranges: [
        { offset: 10, length: 20 },
        { offset: 50, length: 10 },
        { offset: 80, length: 10 },
      ],
    });
  });

  it('looks no further along a run than the request goes, however much is missing', async () => {
    const whole = target(new Set(clusters(0, 100)));
    const asked: (number | undefined)[] = [];
    const planner = new Planner(
      {
        ...whole,
        findMissing: (from, to, mostBytes) => {
          asked.push(mostBytes);
          return whole.findMissing(from, to, mostBytes);
        },
      },
      [],
    );
    expect(unwrap(await planner.next(45))?.bytes).toBe(40);
    expect(asked).toEqual([40]);
  });

  it('asks for at least a cluster', async () => {
    const planner = new Planner(target(new Set([3])), []);
    expect(unwrap(await planner.next(1))?.bytes).toBe(CLUSTER);
  });

  it('cuts the last cluster to the device', async () => {
    const planner = new Planner(target(new Set([3]), 35), []);
    expect(unwrap(await planner.next(100))?.ranges).toEqual([{ offset: 30, length: 5 }]);
  });

  it('does not plan what is under way, and plans it again when it failed', async () => {
    const missing = new Set([1, 2]);
    const planner = new Planner(target(missing), []);
    const plan = unwrap(await planner.next(10));
    if (plan === null) throw new Error('nothing planned');
    planner.began(plan);
    expect(unwrap(await planner.next(100))?.ranges).toEqual([{ offset: 20, length: 10 }]);
    planner.ended(plan, false);
    planner.retry(plan.ranges);
    expect(unwrap(await planner.next(100))).toMatchObject({ wantedBy: 'retry', ranges: plan.ranges });
  });

  it('follows policies in the order of the list, then sweeps', async () => {
    const missing = new Set(clusters(0, 100));
    const planner = new Planner(target(missing), [wish('urgent', 505, 900), wish('calm', 300)]);
    const order: string[] = [];
    for (let i = 0; i < 4; i++) {
      const plan = unwrap(await planner.next(10));
      order.push(`${plan?.wantedBy} ${plan?.urgent} ${plan?.ranges[0]?.offset}`);
      if (plan !== null) planner.began(plan);
    }
    expect(order).toEqual(['urgent true 500', 'urgent true 900', 'calm false 300', 'sweep false 0']);
  });

  it('sweeps again for what became free behind it, until nothing is missing', async () => {
    const missing = new Set([2, 50]);
    const planner = new Planner(target(missing), []);
    const first = unwrap(await planner.next(10));
    if (first === null) throw new Error('nothing planned');
    planner.began(first);
    const second = unwrap(await planner.next(10));
    if (second === null) throw new Error('nothing planned');
    planner.began(second);
    missing.delete(50);
    planner.ended(second, true);
    // In other hands: passed over by this sweep, found by the next.
    planner.ended(first, true);
    expect(unwrap(await planner.next(10))?.ranges).toEqual(first.ranges);
    missing.clear();
    expect(unwrap(await planner.next(10))).toBe(null);
    expect(planner.settledBytes).toBe(1000);
  });

  it('leaves alone what was given up', async () => {
    const planner = new Planner(target(new Set([4, 5, 6])), []);
    planner.abandon([{ offset: 50, length: 10 }]);
    expect(unwrap(await planner.next(100))?.ranges).toEqual([
      { offset: 40, length: 10 },
      { offset: 60, length: 10 },
    ]);
  });

  it('counts as settled what is local as far as it has looked', async () => {
    const planner = new Planner(target(new Set([30])), []);
    await planner.next(10);
    expect(planner.settledBytes).toBe(300);
  });
});

describe('guest-led order', () => {
  it('wishes for what follows the latest miss, then for what precedes it', () => {
    const policy = new GuestLed();
    policy.noteMiss({ offset: 100 * 1024 * 1024, length: 4096 });
    const after = policy.next();
    const before = policy.next();
    expect(after?.offset).toBe(100 * 1024 * 1024 + 4096);
    expect((before?.offset ?? 0) + (before?.length ?? 0)).toBe(100 * 1024 * 1024);
    expect(policy.next()).toBe(null);
  });

  it('takes the newest miss first, and nearby misses as one', () => {
    const policy = new GuestLed();
    policy.noteMiss({ offset: 0, length: 4096 });
    policy.noteMiss({ offset: 1e9, length: 4096 });
    policy.noteMiss({ offset: 1e9 + 8192, length: 4096 });
    expect(policy.next()?.offset).toBe(1e9 + 4096);
    expect(policy.next()?.offset).toBeLessThan(1e9);
    expect(policy.next()?.offset).toBe(4096);
  });
});
