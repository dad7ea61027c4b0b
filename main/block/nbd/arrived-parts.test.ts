import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../test/support/seeded-random.ts';
import { ArrivedParts } from './arrived-parts.ts';

describe('the parts of a read that have come', () => {
  it('are all there when each has come once, in whatever order', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = new SeededRandom(seed);
      const cuts = [...new Set([0, 1000, ...Array.from({ length: 20 }, () => random.integer(1, 999))])];
      cuts.sort((one, other) => one - other);
      const parts = cuts.slice(1).map((end, index) => [cuts[index] ?? 0, end] as const);
      parts.sort(() => random.next() - 0.5);
      const arrived = new ArrivedParts();
      for (const [start, end] of parts) {
        expect(arrived.areAll(1000)).toBe(false);
        expect(arrived.add(start, end)).toBe(true);
      }
      expect(arrived.areAll(1000)).toBe(true);
      expect(arrived.add(random.integer(0, 998), 1000)).toBe(false);
    }
  });

  it.each([
    [0, 10],
    [5, 6],
    [0, 1],
    [9, 20],
    [0, 30],
    [19, 21],
  ])('do not come twice: [%i, %i)', (start, end) => {
    const arrived = new ArrivedParts();
    expect(arrived.add(0, 10) && arrived.add(20, 30)).toBe(true);
    expect(arrived.add(start, end)).toBe(end === 20 && start === 10);
  });

  it('are not cut into crumbs', () => {
    const arrived = new ArrivedParts();
    let taken = 0;
    while (arrived.add(2 * taken, 2 * taken + 1)) taken++;
    expect(taken).toBe(4096);
  });

  it('of nothing are all there', () => {
    expect(new ArrivedParts().areAll(0)).toBe(true);
  });
});
