import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../../shared/units.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { BucketChain } from './bucket-chain.ts';
import { acquire, RECHECK_MS, type RateLimit } from './rate-limit.ts';
import { TokenBucket } from './token-bucket.ts';

/** Takes `requestBytes` over and over for `durationMs`; returns how much that came to. */
async function drink(clock: SimulatedClock, limit: RateLimit, requestBytes: number, durationMs: number) {
  const untilMs = clock.now() + durationMs;
  let taken = 0;
  while (clock.now() < untilMs) {
    await acquire(limit, requestBytes, clock);
    if (clock.now() < untilMs) taken += requestBytes;
  }
  return taken;
}

describe('a token bucket', () => {
  it('lets everything through at rate 0', () => {
    const bucket = new TokenBucket(new SimulatedClock(), 0);
    for (let i = 0; i < 100; i++) expect(bucket.take(100 * MIB)).toBe(0);
  });

  it('lets the first request overdraw and has it paid afterwards, as QEMU does', async () => {
    const clock = new SimulatedClock();
    const bucket = new TokenBucket(clock, 64 * KIB);
    expect(bucket.take(512 * KIB)).toBe(0);
    expect(bucket.take(512 * KIB)).toBe(8000);
    await clock.advance(7999);
    expect(bucket.take(1)).toBeCloseTo(1, 1);
    await clock.advance(1);
    expect(bucket.take(1)).toBe(0);
  });

  it.each([100 * KIB, 3 * MIB, 50 * MIB])('is exact over seconds at %d bytes/s', async (rate) => {
    const clock = new SimulatedClock();
    const bucket = new TokenBucket(clock, rate);
    const taken = await clock.run(drink(clock, bucket, 64 * KIB, 20_000));
    expect(Math.abs(taken - rate * 20)).toBeLessThanOrEqual(64 * KIB);
  });

  it('keeps unused allowance for one slice of 100 ms only', async () => {
    const clock = new SimulatedClock();
    const bucket = new TokenBucket(clock, 1_000_000);
    await clock.advance(60_000);
    let burst = 0;
    while (bucket.take(1000) === 0) burst += 1000;
    expect(burst).toBe(101_000);
  });

  it('lets a sleeper notice a higher rate within the re-check time', async () => {
    const clock = new SimulatedClock();
    const bucket = new TokenBucket(clock, 1000);
    bucket.take(1_000_000);
    const sleeper = acquire(bucket, 1, clock);
    await clock.advance(200);
    bucket.setRate(0);
    const changedMs = clock.now();
    await clock.run(sleeper);
    expect(clock.now() - changedMs).toBeLessThanOrEqual(RECHECK_MS);
  });

  it('charges what is owed at the new rate', async () => {
    const clock = new SimulatedClock();
    const bucket = new TokenBucket(clock, 1000);
    bucket.take(11_000);
    await clock.advance(1000);
    bucket.setRate(10_000);
    expect(bucket.take(1)).toBe(1000);
    bucket.setRate(100);
    expect(bucket.take(1)).toBe(100_000);
  });

  it('starts a new limit without debt from unlimited times', () => {
    const bucket = new TokenBucket(new SimulatedClock(), 0);
    bucket.take(10_000_000_000);
    bucket.setRate(1000);
    expect(bucket.take(1)).toBe(0);
  });

  it('never makes demand wait, and has background pay for it', () => {
    const bucket = new TokenBucket(new SimulatedClock(), 1000);
    bucket.debit(5000);
    bucket.debit(5000);
    expect(bucket.take(1)).toBe(10_000);
  });

  it('takes back what was not used', () => {
    const bucket = new TokenBucket(new SimulatedClock(), 1000);
    bucket.take(5000);
    bucket.refund(4000);
    expect(bucket.take(1)).toBe(1000);
  });

  it('is one account for all who share its memory', () => {
    const clock = new SimulatedClock();
    const mine = new TokenBucket(clock, 1000);
    const theirs = new TokenBucket(clock, undefined, mine.memory);
    expect(theirs.bytesPerSecond).toBe(1000);
    theirs.take(2000);
    expect(mine.take(1)).toBe(2000);
    mine.demandBegan();
    expect(theirs.quietMs()).toBe(0);
  });

  it('knows how long guests have been quiet', async () => {
    const clock = new SimulatedClock();
    const bucket = new TokenBucket(clock, 0);
    expect(bucket.quietMs()).toBe(Infinity);
    bucket.demandBegan();
    bucket.demandBegan();
    bucket.demandEnded();
    expect(bucket.quietMs()).toBe(0);
    bucket.demandEnded();
    await clock.advance(70);
    expect(bucket.quietMs()).toBe(70);
  });

  it('is never exceeded, however consumers and changes of rate interleave', async () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('take' as const),
        who: fc.nat(3),
        bytes: fc.integer({ min: 1, max: 5000 }),
      }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 400 }) }),
      fc.record({ kind: fc.constant('rate' as const), rate: fc.integer({ min: 1, max: 20_000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
        const clock = new SimulatedClock();
        const bucket = new TokenBucket(clock, 5000);
        const users = Array.from({ length: 4 }, () => new TokenBucket(clock, undefined, bucket.memory));
        // What may have passed by now, were all allowance used and the largest request overdrawn.
        let allowedBytes = 0;
        let highestRate = 5000;
        let largest = 0;
        let passed = 0;
        for (const one of steps) {
          if (one.kind === 'wait') {
            allowedBytes += (bucket.bytesPerSecond * one.ms) / 1000;
            await clock.advance(one.ms);
          } else if (one.kind === 'rate') {
            bucket.setRate(one.rate);
            highestRate = Math.max(highestRate, one.rate);
          } else if (users[one.who]?.take(one.bytes) === 0) {
            largest = Math.max(largest, one.bytes);
            passed += one.bytes;
          }
          expect(passed).toBeLessThanOrEqual(allowedBytes + highestRate / 10 + largest + 1);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('a chain of buckets', () => {
  it('goes at the lowest of its rates', async () => {
    const clock = new SimulatedClock();
    const chain = new BucketChain([new TokenBucket(clock, 900_000), new TokenBucket(clock, 100_000)]);
    expect(chain.bytesPerSecond).toBe(100_000);
    const taken = await clock.run(drink(clock, chain, 10_000, 10_000));
    expect(Math.abs(taken - 1_000_000)).toBeLessThanOrEqual(10_000);
  });

  it('shares the widest between all below, without anyone losing by refusals further down', async () => {
    const clock = new SimulatedClock();
    const global = new TokenBucket(clock, 300_000);
    const slow = new BucketChain([global, new TokenBucket(clock, 50_000)]);
    const free = new BucketChain([global, new TokenBucket(clock, 0)]);
    const both = Promise.all([drink(clock, slow, 5000, 10_000), drink(clock, free, 5000, 10_000)]);
    const [slowTook, freeTook] = await clock.run(both);
    expect(slowTook + freeTook).toBeGreaterThan(2_900_000);
    expect(slowTook + freeTook).toBeLessThanOrEqual(3_000_000 + 30_000 + 5000);
    expect(slowTook).toBeLessThanOrEqual(500_000 + 5000);
  });
});
