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
  readonly fetching: Rgb;
  readonly demanded: Rgb;
}

/** What passes quickly, or is little, is shown as at least so much. */
const LEAST_MISSING = 0.15;
const LEAST_FETCHING = 0.6;
const LEAST_DEMANDED = 0.35;

/** A cell shows its parts mixed. One that is complete never looks like one that lacks a little. */
export function cellColour(cell: ClusterMapCell, colours: MapColours): Rgb {
  const { data, zero, missing, fetching, demanded } = cell;
  const here = data + zero;
  const dataColour = mix(colours.data, colours.demanded, shown(demanded, data, LEAST_DEMANDED));
  const hereColour = here === 0 ? colours.missing : mix(dataColour, colours.zero, zero / here);
  const missingColour = mix(colours.missing, colours.fetching, shown(fetching, missing, LEAST_FETCHING));
  return mix(hereColour, missingColour, shown(missing, 1, LEAST_MISSING));
}

function shown(part: number, whole: number, least: number): number {
  return part > 0 ? Math.max(least, part / whole) : 0;
}

function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const part = (index: 0 | 1 | 2) => Math.round(from[index] + (to[index] - from[index]) * share);
  return [part(0), part(1), part(2)];
}
