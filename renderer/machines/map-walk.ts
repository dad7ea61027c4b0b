import type { ClusterMapCell } from '../../shared/ipc/machines.ts';
import type { MapGrid } from './cluster-map.ts';

/** The cells of a drawn map: found by a pointer, walked by keys. Lengths in pixels. */
export interface DrawnMap extends Pick<MapGrid, 'columns' | 'rows' | 'cellSize' | 'gap'> {
  readonly cells: number;
  readonly height: number;
}

/** How high a cell is: all rows share the height of the drawing. */
export function rowHeight({ height, rows, gap }: Pick<DrawnMap, 'height' | 'rows' | 'gap'>): number {
  return (height + gap) / rows - gap;
}

/** The cell at a place of the drawing; undefined behind the last one. */
export function cellAt(map: DrawnMap, x: number, y: number): number | undefined {
  const column = Math.min(map.columns - 1, Math.max(0, Math.floor(x / (map.cellSize + map.gap))));
  const row = Math.min(map.rows - 1, Math.max(0, Math.floor(y / (rowHeight(map) + map.gap))));
  const index = row * map.columns + column;
  return index < map.cells ? index : undefined;
}

/** Where a cell lies in the drawing. */
export function cellBox(map: DrawnMap, index: number) {
  const height = rowHeight(map);
  return {
    left: (index % map.columns) * (map.cellSize + map.gap),
    top: Math.floor(index / map.columns) * (height + map.gap),
    width: map.cellSize,
    height,
  };
}

/** Where a key leads to from a cell; undefined for keys that lead nowhere. */
export function walk(
  { columns, cells }: Pick<DrawnMap, 'columns' | 'cells'>,
  from: number,
  key: string,
): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    PageUp: -columns * 4,
    PageDown: columns * 4,
    Home: -from,
    End: cells - 1 - from,
  };
  const step = steps[key];
  return step === undefined ? undefined : Math.min(cells - 1, Math.max(0, from + step));
}

/** The stretch of the disk that a cell stands for, in bytes; its end is not part of it. */
export function cellStretch(index: number, cells: number, lengthBytes: number) {
  return { from: (index / cells) * lengthBytes, to: ((index + 1) / cells) * lengthBytes };
}

/** What a cell holds, the largest part first. The parts add up to 1. */
export function cellParts({ data, zero, missing, fetching, demanded }: ClusterMapCell) {
  const parts = { data: data - demanded, demanded, zero, fetching, missing: missing - fetching };
  return (Object.keys(parts) as (keyof typeof parts)[])
    .map((part) => ({ part, share: parts[part] }))
    .filter(({ share }) => share > 1e-6)
    .sort((a, b) => b.share - a.share);
}
