import { describe, expect, it } from 'vitest';
import { nextSort, sorted } from './sorting.ts';

describe('sorting a table', () => {
  it('turns round when the same column is chosen again', () => {
    const once = nextSort({ column: 'size', descending: false }, 'name');
    expect(once).toEqual({ column: 'name', descending: false });
    expect(nextSort(once, 'name').descending).toBe(true);
  });

  it('compares numbers in names by value', () => {
    const rows = ['disk 10', 'Disk 2', 'disk 1'].map((name) => ({ name }));
    expect(sorted(rows, ({ name }) => name, false, 'en').map(({ name }) => name)).toEqual([
      'disk 1',
      'Disk 2',
      'disk 10',
    ]);
  });

  it('sorts numbers down, too, and leaves its input alone', () => {
    const rows = [{ size: 2 }, { size: 10 }];
    expect(sorted(rows, ({ size }) => size, true, 'en')).toEqual([{ size: 10 }, { size: 2 }]);
    expect(rows[0]?.size).toBe(2);
  });
});
