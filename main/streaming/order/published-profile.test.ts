import { describe, expect, it } from 'vitest';
import { err, ok, type Result } from '../../../shared/result.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import type { Range } from '../../block/range.ts';
import { PublishedProfile } from './published-profile.ts';

const RANGES = [
  { offset: 512, length: 512 },
  { offset: 0, length: 512 },
];

function profileThat(answers: (Result<readonly Range[] | null> | Promise<never>)[]) {
  const clock = new SimulatedClock();
  let asked = 0;
  const profile = new PublishedProfile(clock, async () => answers[asked++] ?? ok(null));
  return { clock, profile, asked: () => asked };
}

describe('a published boot profile', () => {
  it('has no wish until it is there, and then its own, in order, once', async () => {
    const { clock, profile, asked } = profileThat([ok(RANGES)]);
    expect(asked()).toBe(0);
    expect(profile.next()).toBeNull();
    await clock.advance(0);
    expect([profile.next(), profile.next(), profile.next()]).toEqual([...RANGES, null]);
    expect(asked()).toBe(1);
  });

  it('is fetched once however often it is asked meanwhile', async () => {
    const { clock, profile, asked } = profileThat([new Promise<never>(() => {})]);
    for (let count = 0; count < 5; count++) expect(profile.next()).toBeNull();
    await clock.advance(60_000);
    expect(profile.next()).toBeNull();
    expect(asked()).toBe(1);
  });

  it('is fetched again some time after its source failed', async () => {
    const { clock, profile, asked } = profileThat([err('source-unreachable', 'gone'), ok(RANGES)]);
    profile.next();
    await clock.advance(4000);
    expect(profile.next()).toBeNull();
    expect(asked()).toBe(1);
    await clock.advance(1000);
    profile.next();
    await clock.advance(0);
    expect(profile.next()).toEqual(RANGES[0]);
  });

  it.each([
    ['none was published', ok(null)],
    ['what was published is none', err('malformed', 'rubbish')],
  ])('has no wish where %s', async (_what, answer) => {
    const { clock, profile, asked } = profileThat([answer]);
    profile.next();
    await clock.advance(60_000);
    expect(profile.next()).toBeNull();
    expect(asked()).toBe(1);
  });
});
