import { describe, expect, it } from 'vitest';
import { Allocator } from './allocator.ts';

describe('the allocator', () => {
  it('hands out consecutive clusters at the end', () => {
    const allocator = new Allocator(4096, 8192);
    expect([allocator.take(1), allocator.take(3), allocator.take(1)]).toEqual([8192, 12_288, 24_576]);
    expect(allocator.end).toBe(28_672);
  });

  it('works beyond 32 bits, and for several threads at once', () => {
    const mine = new Allocator(65_536, 2 ** 45);
    const theirs = new Allocator(65_536, mine.shared);
    expect([mine.take(1), theirs.take(1), mine.take(1)]).toEqual([
      2 ** 45,
      2 ** 45 + 65_536,
      2 ** 45 + 131_072,
    ]);
    expect(theirs.end).toBe(mine.end);
  });

  it('hands returned clusters only to who overwrites them', () => {
    const allocator = new Allocator(4096, 0);
    const run = allocator.take(3);
    allocator.giveBack(run, 3);
    expect(allocator.take(1)).toBe(3 * 4096);
    expect(allocator.takeUsed(4)).toBe(4 * 4096);
    expect(allocator.takeUsed(2)).toBe(0);
    expect(allocator.takeUsed(1)).toBe(2 * 4096);
    expect(allocator.takeUsed(1)).toBe(8 * 4096);
  });

  it('does not grow the file when the same write fails again and again', () => {
    const allocator = new Allocator(4096, 0);
    for (let tries = 0; tries < 100; tries++) allocator.giveBack(allocator.takeUsed(5), 5);
    expect(allocator.end).toBe(5 * 4096);
  });

  it('lowers the end past returned clusters, whatever the order of their return', () => {
    const allocator = new Allocator(4096, 4096);
    const offsets = Array.from({ length: 6 }, () => allocator.take(1));
    for (const index of [5, 1, 4, 2]) allocator.giveBack(offsets[index] ?? 0, 1);
    expect(allocator.trim()).toBe(offsets[4]);
    expect(allocator.end).toBe(offsets[4]);
    expect(allocator.takeUsed(1)).toBe(offsets[2]);
  });
});
