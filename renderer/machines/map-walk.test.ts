import { describe, expect, it } from 'vitest';
import { MIB } from '../../shared/units.ts';
import { cellAt, cellBox, cellParts, cellStretch, walk, type DrawnMap } from './map-walk.ts';

/** Ten cells, and a last row that is not full. */
const map: DrawnMap = { columns: 4, rows: 3, cellSize: 7, gap: 1, height: 29, cells: 10 };

describe('the cells of a map', () => {
  it('are found where they are drawn', () => {
    for (let index = 0; index < map.cells; index++) {
      const { left, top, width, height } = cellBox(map, index);
      expect(cellAt(map, left, top)).toBe(index);
      expect(cellAt(map, left + width, top + height)).toBe(index);
    }
  });

  it('end with the disk, and what is beside the drawing counts as its edge', () => {
    expect(cellAt(map, 31, 28)).toBeUndefined();
    expect(cellAt(map, -5, -5)).toBe(0);
    expect(cellAt(map, 500, 0)).toBe(3);
  });

  it('are walked by arrows in both directions, and never left', () => {
    expect(walk(map, 5, 'ArrowRight')).toBe(6);
    expect(walk(map, 5, 'ArrowUp')).toBe(1);
    expect(walk(map, 1, 'ArrowUp')).toBe(0);
    expect(walk(map, 8, 'ArrowDown')).toBe(9);
    expect(walk(map, 5, 'Home')).toBe(0);
    expect(walk(map, 5, 'End')).toBe(9);
    expect(walk(map, 5, 'Enter')).toBeUndefined();
  });

  it('share the disk among them', () => {
    expect(cellStretch(0, 10, 10 * MIB)).toEqual({ from: 0, to: MIB });
    expect(cellStretch(9, 10, 10 * MIB).to).toBe(10 * MIB);
  });

  it('tell what they hold, the most of it first', () => {
    expect(cellParts({ data: 0, zero: 0, missing: 1, fetching: 0, demanded: 0 })).toEqual([
      { part: 'missing', share: 1 },
    ]);
    const mixed = cellParts({ data: 0.5, zero: 0.125, missing: 0.375, fetching: 0.0625, demanded: 0.0625 });
    expect(mixed).toEqual([
      { part: 'data', share: 0.4375 },
      { part: 'missing', share: 0.3125 },
      { part: 'zero', share: 0.125 },
      { part: 'demanded', share: 0.0625 },
      { part: 'fetching', share: 0.0625 },
    ]);
  });
});
