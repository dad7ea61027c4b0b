export interface Sort {
  readonly column: string;
  readonly descending: boolean;
}

/** The same column again turns the order round; another one starts ascending. */
export function nextSort(sort: Sort, column: string): Sort {
  return { column, descending: sort.column === column && !sort.descending };
}

/** A sorted copy. Words are compared as people of the locale do, with numbers in them by value; equals keep their order. */
export function sorted<Row>(
  rows: readonly Row[],
  by: ((row: Row) => string | number) | undefined,
  descending: boolean,
  locale: string,
): readonly Row[] {
  if (!by) return rows;
  const words = new Intl.Collator(locale, { numeric: true, sensitivity: 'base' });
  const direction = descending ? -1 : 1;
  return rows
    .map((row) => ({ row, key: by(row) }))
    .sort((a, b) =>
      typeof a.key === 'number' && typeof b.key === 'number'
        ? direction * (a.key - b.key)
        : direction * words.compare(String(a.key), String(b.key)),
    )
    .map(({ row }) => row);
}
