import { describe, expect, it } from 'vitest';
import { err, ok, type Result } from '../../shared/result.ts';
import { listNews } from './list-news.ts';

/** Listings that end when the test says so. */
function slowList() {
  const waiting: ((answer: Result<string>) => void)[] = [];
  const told: string[] = [];
  const changed = listNews<string>({
    list: () => new Promise((resolve) => waiting.push(resolve)),
    publish: (listed) => told.push(listed),
    warn: (text) => told.push(`warning: ${text}`),
  });
  const end = async (answer: Result<string>) => {
    waiting.shift()?.(answer);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { changed, told, waiting, end };
}

describe('news of a list', () => {
  it('come in the order of what happened, however long a listing takes', async () => {
    const { changed, told, waiting, end } = slowList();
    changed();
    changed();
    changed();
    expect(waiting).toHaveLength(1);
    await end(ok('being imported'));
    expect(waiting).toHaveLength(1);
    await end(ok('imported'));
    expect(told).toEqual(['being imported', 'imported']);
    expect(waiting).toHaveLength(0);
  });

  it('go on after a listing that failed', async () => {
    const { changed, told, end } = slowList();
    changed();
    await end(err('io', 'cannot read'));
    changed();
    await end(ok('there again'));
    expect(told).toEqual(['warning: cannot read', 'there again']);
  });
});
