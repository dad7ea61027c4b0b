import type { ClusterMapCell } from '../../shared/ipc/machines.ts';

export interface MapGrid {
  readonly columns: number;
  readonly rows: number;
  /** Side of a square, in pixels, without the gap. */
  readonly cellSize: number;
  readonly gap: number;
}

const MIN_CELLS = 16;
const MAX_CELLS = 4096;
/** No disk is cut finer than its clusters are. */
const CLUSTER_BYTES = 64 * 1024;

/** How the map of a disk fills a width: squares in rows, as many as are worth drawing, 64 MiB or 64 TiB alike. */
export function mapGrid(widthPx: number, rows: number, lengthBytes: number, gap = 1, cellSize = 7): MapGrid {
  const fitting = Math.max(1, Math.floor((widthPx + gap) / (cellSize + gap)));
  const useful = Math.ceil(lengthBytes / CLUSTER_BYTES / rows);
  const columns = Math.max(
    Math.ceil(MIN_CELLS / rows),
    Math.min(fitting, useful, Math.floor(MAX_CELLS / rows)),
  );
  return { columns, rows, cellSize: Math.max(1, (widthPx + gap) / columns - gap), gap };
}

export type Rgb = readonly [red: number, green: number, blue: number];

export interface MapColours {
  readonly data: Rgb;
  readonly zero: Rgb;
  readonly missing: Rgb;
}

/** A cell shows its parts mixed. One that is complete never looks like one that lacks a little. */
export function cellColour({ data, zero, missing }: ClusterMapCell, colours: MapColours): Rgb {
  const here = data + zero;
  const hereColour = here === 0 ? colours.missing : mix(colours.data, colours.zero, zero / here);
  const lacking = missing > 0 ? Math.max(0.15, missing) : 0;
  return mix(hereColour, colours.missing, lacking);
}

function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const part = (index: 0 | 1 | 2) => Math.round(from[index] + (to[index] - from[index]) * share);
  return [part(0), part(1), part(2)];
}
