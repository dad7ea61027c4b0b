import { describe, expect, it } from 'vitest';
import { KIB, MIB, TIB } from '../../../shared/units.ts';
import { DemandMap, sharesIn } from './demand-map.ts';

const CLUSTER = 64 * KIB;

describe('the map of what guests waited for', () => {
  it('counts whole clusters, as they are what comes', () => {
    const map = new DemandMap(64 * MIB, CLUSTER);
    map.note({ offset: 4096, length: 512 });
    map.note({ offset: 3 * CLUSTER - 1, length: 2 });
    expect(map.shares(1024).slice(0, 5)).toEqual([1, 0, 1, 1, 0]);
  });

  it('shows the same at any number of cells', () => {
    const map = new DemandMap(64 * MIB, CLUSTER);
    map.note({ offset: 0, length: MIB });
    map.note({ offset: 63 * MIB, length: MIB });
    for (const cells of [16, 100, 1000, 4096]) {
      const shares = map.shares(cells);
      expect(shares).toHaveLength(cells);
      expect(shares.reduce((sum, share) => sum + share, 0) / cells).toBeCloseTo(2 / 64);
    }
  });

  it('takes no more room for the largest disk, and still knows where', () => {
    const map = new DemandMap(64 * TIB, CLUSTER);
    for (let i = 0; i < 10_000; i++) map.note({ offset: 32 * TIB + i * MIB, length: 4096 });
    const shares = map.shares(16);
    expect(shares.findIndex((share) => share > 0)).toBe(8);
    expect(shares.filter((share) => share > 0)).toHaveLength(1);
  });

  it('counts a cluster of a disk that ends in the middle of it once', () => {
    const map = new DemandMap(CLUSTER + 512, CLUSTER);
    for (let i = 0; i < 3; i++) map.note({ offset: CLUSTER, length: 512 });
    expect(map.shares(2)[0]).toBeCloseTo(0);
    expect(map.shares(2)[1]).toBeLessThanOrEqual(1);
  });
});

describe('the cells that ranges lie in', () => {
  it('have the part that is covered', () => {
    const ranges = [
      { offset: 0, length: 15 },
      { offset: 39, length: 1 },
    ];
    expect(sharesIn(ranges, 40, 4)).toEqual([1, 0.5, 0, 0.1]);
  });
});
