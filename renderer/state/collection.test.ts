import { describe, expect, it } from 'vitest';
import { err, ok, type Result } from '../../shared/result.ts';
import { Collection } from './collection.ts';

interface Entry {
  readonly id: string;
  readonly rate: number;
}

/** A main process whose answers come when the test says. */
function slowSource() {
  const waiting: ((snapshot: Result<Entry[]>) => void)[] = [];
  const load = () => new Promise<Result<Entry[]>>((resolve) => waiting.push(resolve));
  const answer = async (snapshot: Result<Entry[]>) => {
    waiting.shift()?.(snapshot);
    for (let turn = 0; turn < 8; turn++) await Promise.resolve();
  };
  return { load, answer, asked: () => waiting.length };
}

describe('a collection', () => {
  it('is loading until the first snapshot, then ready', async () => {
    const source = slowSource();
    const collection = new Collection(source.load);
    expect(collection.loading.status).toBe('loading');
    void collection.reload();
    await source.answer(ok([{ id: 'a', rate: 1 }]));
    expect(collection.loading.status).toBe('ready');
    expect(collection.all).toEqual([{ id: 'a', rate: 1 }]);
  });

  it('keeps news that came while the snapshot was on its way', async () => {
    const source = slowSource();
    const collection = new Collection(source.load);
    void collection.reload();
    collection.put({ id: 'a', rate: 2 });
    collection.remove('b');
    await source.answer(
      ok([
        { id: 'a', rate: 1 },
        { id: 'b', rate: 1 },
      ]),
    );
    expect(collection.all).toEqual([{ id: 'a', rate: 2 }]);
  });

  it('drops what a later snapshot does not have', async () => {
    const source = slowSource();
    const collection = new Collection(source.load);
    collection.put({ id: 'gone', rate: 1 });
    void collection.reload();
    await source.answer(ok([]));
    expect(collection.size).toBe(0);
  });

  it('answers a burst of gaps with one further snapshot', async () => {
    const source = slowSource();
    const collection = new Collection(source.load, () => Promise.resolve());
    for (let gap = 0; gap < 20; gap++) void collection.reload();
    expect(source.asked()).toBe(1);
    for (let gap = 0; gap < 20; gap++) void collection.reload();
    await source.answer(ok([]));
    expect(source.asked()).toBe(1);
    await source.answer(ok([]));
    expect(source.asked()).toBe(0);
  });

  it('tells why there is no snapshot, and keeps what it has', async () => {
    const source = slowSource();
    const collection = new Collection(source.load);
    collection.put({ id: 'a', rate: 1 });
    void collection.reload();
    await source.answer(err('closed', 'gone'));
    expect(collection.loading).toMatchObject({ status: 'failed', failure: { message: 'gone' } });
    expect(collection.size).toBe(1);
  });
});
