import { describe, expect, it } from 'vitest';
import { ClusterSet } from './cluster-set.ts';

describe('a set of clusters', () => {
  it('knows its members, their number and the highest', () => {
    const set = new ClusterSet();
    expect([set.size, set.highest]).toEqual([0, -1]);
    expect(set.add(5)).toBe(true);
    expect(set.add(5)).toBe(false);
    expect(set.add(31)).toBe(true);
    expect(set.add(32)).toBe(true);
    expect([set.size, set.highest]).toEqual([3, 32]);
  });

  it('counts what of a run was there already', () => {
    const set = new ClusterSet();
    expect(set.addRun(10, 100)).toBe(0);
    expect(set.addRun(105, 10)).toBe(5);
    expect(set.size).toBe(105);
  });

  it('keeps a hundred thousand clusters strewn over the largest files apart', () => {
    const set = new ClusterSet();
    const members = new Set<number>();
    let state = 1;
    for (let i = 0; i < 100_000; i++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const cluster = (i % 3 === 0 ? state * 512 : state % 200_000) + (i % 7) * 2 ** 32;
      expect(set.add(cluster)).toBe(!members.has(cluster));
      members.add(cluster);
    }
    expect(set.size).toBe(members.size);
    expect(set.highest).toBe(
      Math.max(
        ...[...members].slice(-1),
        [...members].reduce((a, b) => Math.max(a, b)),
      ),
    );
  });

  it('takes memory for its members only, and little time for dense ones', () => {
    const set = new ClusterSet();
    expect(set.addRun(2 ** 40, 2_000_000)).toBe(0);
    expect(set.size).toBe(2_000_000);
  });
});
