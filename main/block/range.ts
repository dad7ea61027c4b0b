/** A stretch of guest addresses, in bytes: `[offset, offset + length)`. */
export interface Range {
  readonly offset: number;
  readonly length: number;
}

export function rangeEnd(range: Range): number {
  return range.offset + range.length;
}
