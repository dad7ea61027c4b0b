import { describe, expect, it } from 'vitest';
import { Allocator } from './allocator.ts';

const CLUSTER = 4096;

describe('the allocator', () => {
  it('hands out consecutive clusters at the end', () => {
    const allocator = new Allocator(CLUSTER, 2 * CLUSTER);
    const offsets = [allocator.take(1), allocator.takeSome(3), allocator.take(1)].map(
      (run) => run.fileOffset,
    );
    expect(offsets).toEqual([2 * CLUSTER, 3 * CLUSTER, 6 * CLUSTER]);
    expect(allocator.end).toBe(7 * CLUSTER);
  });

  it('works beyond 32 bits, and for several threads at once', () => {
    const mine = new Allocator(65_536, 2 ** 45);
    const theirs = new Allocator(65_536, mine.shared);
    expect([mine.take(1), theirs.take(1), mine.take(1)].map((run) => run.fileOffset)).toEqual([
      2 ** 45,
      2 ** 45 + 65_536,
      2 ** 45 + 131_072,
    ]);
    expect(theirs.end).toBe(mine.end);
  });

  it('hands out returned clusters first, piece by piece to who does not need them together', () => {
    const allocator = new Allocator(CLUSTER, 0);
    const run = allocator.take(3);
    expect(run.used).toBe(false);
    allocator.giveBack(run);
    expect(allocator.take(4)).toEqual({ fileOffset: 3 * CLUSTER, clusters: 4, used: false });
    expect(allocator.take(2)).toEqual({ fileOffset: 0, clusters: 2, used: true });
    expect(allocator.takeSome(5)).toEqual({ fileOffset: 2 * CLUSTER, clusters: 1, used: true });
    expect(allocator.takeSome(5)).toEqual({ fileOffset: 7 * CLUSTER, clusters: 5, used: false });
  });

  it('does not grow the file when the same write fails again and again', () => {
    const allocator = new Allocator(CLUSTER, 0);
    for (let tries = 0; tries < 100; tries++) allocator.giveBack(allocator.take(5));
    expect(allocator.end).toBe(5 * CLUSTER);
  });

  it('knows returned clusters that lie side by side as one run', () => {
    const allocator = new Allocator(CLUSTER, 0);
    const [first, second, third] = [allocator.take(1), allocator.take(1), allocator.take(1)];
    for (const run of [third, first, second]) allocator.giveBack(run);
    expect(allocator.take(3)).toEqual({ fileOffset: 0, clusters: 3, used: true });
  });

  it('hands returned clusters over to the allocator of another thread, and takes back what is left', () => {
    const mine = new Allocator(CLUSTER, 0);
    const theirs = new Allocator(CLUSTER, mine.shared);
    mine.giveBack(mine.take(2));
    theirs.takeOver(mine.handOver());
    expect(mine.takeSome(1).fileOffset).toBe(2 * CLUSTER);
    expect(theirs.takeSome(1).fileOffset).toBe(0);
    mine.takeOver(theirs.handOver());
    expect(theirs.handOver()).toEqual([]);
    expect(mine.takeSome(1).fileOffset).toBe(CLUSTER);
  });

  it('lowers the end past returned clusters, whatever the order of their return', () => {
    const allocator = new Allocator(CLUSTER, CLUSTER);
    const runs = Array.from({ length: 6 }, () => allocator.take(1));
    for (const index of [5, 1, 4, 2]) allocator.giveBack(runs[index] ?? { fileOffset: 0, clusters: 0 });
    expect(allocator.trim()).toBe(5 * CLUSTER);
    expect(allocator.end).toBe(5 * CLUSTER);
    expect(allocator.take(1).fileOffset).toBe(2 * CLUSTER);
  });
});
