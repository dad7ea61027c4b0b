export interface GridView {
  readonly count: number;
  /** Of the grid, in pixels, like everything below. */
  readonly width: number;
  readonly minCellWidth: number;
  readonly cellHeight: number;
  readonly gap: number;
  /** Where the visible part begins, from the top of the grid; negative while the grid begins below it. */
  readonly top: number;
  readonly height: number;
}

export interface GridPart {
  readonly columns: number;
  /** Cells `first` to before `end` are drawn. */
  readonly first: number;
  readonly end: number;
  /** Where the first of them stands. */
  readonly offset: number;
  readonly totalHeight: number;
}

/** Rows drawn beyond either edge, so that scrolling and the Tab key meet cells that are there. */
const OVERSCAN_ROWS = 2;

export function visibleWindow({
  count,
  width,
  minCellWidth,
  cellHeight,
  gap,
  top,
  height,
}: GridView): GridPart {
  const columns = Math.max(1, Math.floor((width + gap) / (minCellWidth + gap)));
  const rows = Math.ceil(count / columns);
  const pitch = cellHeight + gap;
  const firstRow = clamp(Math.floor(top / pitch) - OVERSCAN_ROWS, 0, Math.max(0, rows - 1));
  const endRow = clamp(Math.ceil((top + height) / pitch) + OVERSCAN_ROWS, firstRow, rows);
  return {
    columns,
    first: firstRow * columns,
    end: Math.min(count, endRow * columns),
    offset: firstRow * pitch,
    totalHeight: Math.max(0, rows * pitch - gap),
  };
}

const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);
