import { describe, expect, it } from 'vitest';
import { visibleWindow } from './visible-window.ts';

const view = { count: 5000, width: 1000, minCellWidth: 300, cellHeight: 180, gap: 20, top: 0, height: 600 };

describe('the visible part of a grid', () => {
  it('has as many columns as fit', () => {
    expect(visibleWindow(view).columns).toBe(3);
    expect(visibleWindow({ ...view, width: 200 }).columns).toBe(1);
  });

  it('is a few rows, however many there are', () => {
    const part = visibleWindow({ ...view, top: 100_000 });
    expect(part.end - part.first).toBeLessThanOrEqual(3 * 8);
    expect(part.offset).toBe((part.first / 3) * 200);
    expect(part.totalHeight).toBe(1667 * 200 - 20);
  });

  it('ends with the last cell', () => {
    expect(visibleWindow({ ...view, top: 1e9 }).end).toBe(5000);
    expect(visibleWindow({ ...view, count: 0 })).toMatchObject({ first: 0, end: 0, totalHeight: 0 });
  });

  it('begins with the first while the grid is still below', () =>
    expect(visibleWindow({ ...view, top: -400 }).first).toBe(0));
});
