import { describe, expect, it } from 'vitest';
import { MIB, TIB } from '../../shared/units.ts';
import type { ClusterMapCell } from '../../shared/ipc/machines.ts';
import { cellColour, mapGrid, type MapColours } from './cluster-map.ts';

const colours: MapColours = {
  data: [0, 0, 200],
  zero: [0, 100, 0],
  missing: [100, 100, 100],
  fetching: [250, 250, 0],
  demanded: [250, 0, 250],
};
const cell = (different: Partial<ClusterMapCell>): ClusterMapCell => ({
  data: 0,
  zero: 0,
  missing: 0,
  fetching: 0,
  demanded: 0,
  ...different,
});

describe('the grid of a cluster map', () => {
  it.each([64 * MIB, 256 * MIB, 64 * TIB])(
    'of %d bytes asks for as many cells as the contract allows',
    (length) => {
      for (const width of [200, 640, 1400, 4000]) {
        const { columns, rows } = mapGrid(width, 12, length);
        expect(columns * rows).toBeGreaterThanOrEqual(16);
        expect(columns * rows).toBeLessThanOrEqual(4096);
      }
    },
  );

  it('fills the width', () => {
    const { columns, cellSize, gap } = mapGrid(640, 12, 64 * TIB);
    expect(columns * (cellSize + gap) - gap).toBeCloseTo(640);
  });

  it('does not cut small disks finer than their clusters', () => {
    expect(mapGrid(2000, 12, 4 * MIB).columns).toBe(6);
  });
});

describe('the colour of a cell', () => {
  it('is that of its state where it has only one', () => {
    expect(cellColour(cell({ data: 1 }), colours)).toEqual(colours.data);
    expect(cellColour(cell({ zero: 1 }), colours)).toEqual(colours.zero);
    expect(cellColour(cell({ missing: 1 }), colours)).toEqual(colours.missing);
  });

  it('is another one where something is being fetched, or was waited for', () => {
    expect(cellColour(cell({ missing: 1, fetching: 1 }), colours)).toEqual(colours.fetching);
    expect(cellColour(cell({ data: 1, demanded: 1 }), colours)).toEqual(colours.demanded);
    expect(cellColour(cell({ missing: 1, fetching: 0.001 }), colours)).not.toEqual(colours.missing);
    expect(cellColour(cell({ data: 1, demanded: 0.001 }), colours)).not.toEqual(colours.data);
  });

  it('shows even a little that is missing', () => {
    expect(cellColour(cell({ data: 0.9999, missing: 0.0001 }), colours)).not.toEqual(colours.data);
  });
});
