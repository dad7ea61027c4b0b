const BAR_WIDTH = 24;

/** `[======                  ]` for a quarter. */
export function bar(fraction: number): string {
  const full = Math.round(fraction * BAR_WIDTH);
  return `[${'='.repeat(full)}${' '.repeat(BAR_WIDTH - full)}]`;
}
