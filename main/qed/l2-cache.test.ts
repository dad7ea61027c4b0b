import { describe, expect, it } from 'vitest';
import { err, ok, unwrap, type Result } from '../../shared/result.ts';
import { L2Cache } from './l2-cache.ts';
import { Table } from './table.ts';

/** A cache over tables that only know their number, with a log of what was read. */
function setUp(capacity: number) {
  const reads: number[] = [];
  const cache = new L2Cache(capacity);
  const read = (index: number) => async (): Promise<Result<Table>> => {
    reads.push(index);
    const table = new Table(64);
    table.bytes[8] = index;
    return ok(table);
  };
  const load = async (index: number) => unwrap(await cache.load(index, read(index)));
  const pin = async (index: number) => unwrap(await cache.pin(index, read(index)));
  return { cache, reads, load, pin };
}

describe('the cache of L2 slices', () => {
  it('reads a slice once, however many ask for it at the same time', async () => {
    const { reads, load } = setUp(3);
    const slices = await Promise.all([load(7), load(7), load(7)]);
    expect(new Set(slices).size).toBe(1);
    await load(7);
    expect(reads).toEqual([7]);
  });

  it('lets the least recently used go first', async () => {
    const { cache, load } = setUp(3);
    for (const index of [1, 2, 3]) await load(index);
    cache.get(1);
    await load(4);
    expect([1, 2, 3, 4].map((index) => cache.get(index) !== undefined)).toEqual([true, false, true, true]);
  });

  it('keeps a pinned slice until the last pin is gone', async () => {
    const { cache, load, pin } = setUp(1);
    const slice = await pin(1);
    await pin(1);
    for (const index of [2, 3, 4]) await load(index);
    expect(cache.get(1)).toBe(slice);
    cache.unpin(1);
    await load(5);
    expect(cache.get(1)).toBe(slice);
    cache.unpin(1);
    await load(6);
    expect(cache.get(1)).toBeUndefined();
    expect(cache.size).toBe(1);
  });

  it('keeps a slice that was pinned while it was being read', async () => {
    const { cache, load, pin } = setUp(1);
    const loading = load(1);
    const pinning = pin(1);
    await Promise.all([loading, pinning, load(2), load(3)]);
    expect(cache.get(1)).toBe(await pinning);
  });

  it('keeps a changed slice, also while it is being written, until it is on the disk', async () => {
    const { cache, load } = setUp(1);
    const { table } = await load(1);
    table.set(0, 4096);
    await load(2);
    expect(cache.get(1)?.table).toBe(table);
    const runs = table.takeDirtyRuns();
    await load(3);
    expect(cache.get(1)?.table).toBe(table);
    table.settle(runs, true);
    await load(4);
    expect(cache.get(1)).toBeUndefined();
  });

  it('goes back to its capacity when slices are written', async () => {
    const { cache, load } = setUp(2);
    const tables = await Promise.all(Array.from({ length: 50 }, (_, index) => load(index)));
    for (const { table } of tables) table.set(0, 1);
    await load(100);
    for (const { table } of tables) table.settle(table.takeDirtyRuns(), true);
    await load(101);
    expect(cache.size).toBe(2);
  });

  it('passes a failure to all who wait, leaves no pin behind, and tries again next time', async () => {
    const { cache, load } = setUp(1);
    const fail = async () => err('io', 'no');
    const results = await Promise.all([cache.load(1, fail), cache.pin(1, fail)]);
    expect(results).toMatchObject([{ ok: false }, { ok: false }]);
    await load(1);
    await load(2);
    expect(cache.get(1)).toBeUndefined();
  });
});
