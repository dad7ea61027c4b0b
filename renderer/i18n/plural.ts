/** English and German both have one form for one and another for everything else. */
export function plural(count: number, one: string, other: string): string {
  return count === 1 ? one : other;
}
