import type { Snippet } from 'svelte';

export interface Column<Row> {
  readonly id: string;
  readonly label: string;
  readonly cell: Snippet<[Row]>;
  /** What to sort by; a column without it cannot be sorted. */
  readonly sortBy?: (row: Row) => string | number;
  readonly numeric?: boolean;
  /** Left out in narrow windows. */
  readonly secondary?: boolean;
  readonly hideLabel?: boolean;
  /** Takes what room the others leave, and is cut off beyond that: the table is never wider than its frame. */
  readonly grows?: boolean;
}
