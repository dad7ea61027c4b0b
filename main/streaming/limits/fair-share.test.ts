import { describe, expect, it } from 'vitest';
import { KIB } from '../../../shared/units.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { BucketChain } from './bucket-chain.ts';
import { FairShare, Shares, type Priority } from './fair-share.ts';
import { acquire, type RateLimit } from './rate-limit.ts';
import { TokenBucket } from './token-bucket.ts';

const RATE = 1_000_000;
const REQUEST_BYTES = 100 * KIB;

/** Streams that share one limit, each in a thread of its own as far as the memory is concerned. */
class Line {
  readonly clock = new SimulatedClock();
  readonly bucket: TokenBucket;
  readonly shares = new Shares();

  constructor(rate = RATE) {
    this.bucket = new TokenBucket(this.clock, rate);
  }

  share(priority: Priority): RateLimit {
    const slot = this.shares.take(priority);
    if (slot === null) throw new Error('no slot is free');
    return new FairShare(new TokenBucket(this.clock, undefined, this.bucket.memory), this.clock, slot);
  }

  /** Takes as much as it gets for `durationMs`; resting after each request makes it a stream of a slow source. */
  async drink(limit: RateLimit, durationMs: number, restMs = 0): Promise<number> {
    const untilMs = this.clock.now() + durationMs;
    let taken = 0;
    for (;;) {
      await acquire(limit, REQUEST_BYTES, this.clock);
      if (this.clock.now() >= untilMs) return taken;
      taken += REQUEST_BYTES;
      await this.clock.delay(restMs);
    }
  }
}

describe('a share of a common limit', () => {
  it('is twice that of the next lower priority, and all of the limit is used', async () => {
    const line = new Line();
    const limits = (['low', 'high', 'normal'] as const).map((priority) => line.share(priority));
    const taken = await line.clock.run(Promise.all(limits.map((limit) => line.drink(limit, 140_000))));
    const [low = 0, high = 0, normal = 0] = taken;
    expect(high / normal).toBeCloseTo(2, 1);
    expect(normal / low).toBeCloseTo(2, 1);
    expect((low + high + normal) / (RATE * 140)).toBeGreaterThan(0.97);
  });

  it('is equal among equals', async () => {
    const line = new Line();
    const limits = Array.from({ length: 5 }, () => line.share('normal'));
    const taken = await line.clock.run(Promise.all(limits.map((limit) => line.drink(limit, 100_000))));
    expect(Math.max(...taken) - Math.min(...taken)).toBeLessThanOrEqual(2 * REQUEST_BYTES);
  });

  it('goes to the others where its own source is slower than that', async () => {
    const line = new Line();
    const slow = line.share('high');
    const other = line.share('low');
    // A request every two seconds: 50 kB/s.
    const [slowTaken, otherTaken] = await line.clock.run(
      Promise.all([line.drink(slow, 100_000, 2000), line.drink(other, 100_000)]),
    );
    expect(slowTaken).toBeGreaterThan(45 * REQUEST_BYTES);
    expect(slowTaken + otherTaken).toBeGreaterThan(0.97 * RATE * 100);
  });

  it('is not saved up while a stream is away', async () => {
    const line = new Line();
    const [early, late] = [line.share('normal'), line.share('normal')];
    await line.clock.run(line.drink(late, 5000));
    await line.clock.run(line.drink(early, 300_000));
    const [earlyTaken, lateTaken] = await line.clock.run(
      Promise.all([line.drink(early, 60_000), line.drink(late, 60_000)]),
    );
    expect(Math.abs(earlyTaken - lateTaken)).toBeLessThanOrEqual(3 * REQUEST_BYTES);
  });

  it('changes at once with the priority', async () => {
    const line = new Line();
    const slot = line.shares.take('low');
    if (slot === null) throw new Error('no slot is free');
    const raised = new FairShare(line.bucket, line.clock, slot);
    const other = line.share('low');
    await line.clock.run(Promise.all([line.drink(raised, 20_000), line.drink(other, 20_000)]));
    line.shares.setPriority(slot, 'high');
    const [high, low] = await line.clock.run(
      Promise.all([line.drink(raised, 100_000), line.drink(other, 100_000)]),
    );
    expect(high / low).toBeGreaterThan(3.5);
  });

  it('counts what a narrower limit turned away as not taken', async () => {
    const line = new Line();
    const narrow = new BucketChain([line.share('high'), new TokenBucket(line.clock, 100_000)]);
    const other = line.share('low');
    const [narrowTaken, otherTaken] = await line.clock.run(
      Promise.all([line.drink(narrow, 100_000), line.drink(other, 100_000)]),
    );
    expect(narrowTaken / (100_000 * 100)).toBeGreaterThan(0.9);
    expect(otherTaken / (900_000 * 100)).toBeGreaterThan(0.95);
  });

  it('means nothing where there is no limit', () => {
    const line = new Line(0);
    const [high, low] = [line.share('high'), line.share('low')];
    for (let i = 0; i < 1000; i++)
      expect([low.take(REQUEST_BYTES), high.take(REQUEST_BYTES)]).toEqual([0, 0]);
  });

  it('is given to 64 streams; more go without', () => {
    const { shares } = new Line();
    const slots = Array.from({ length: 64 }, () => shares.take('normal'));
    expect(shares.take('normal')).toBeNull();
    const [first] = slots;
    if (first) shares.giveBack(first);
    expect(shares.take('low')).toEqual(first);
  });
});
