/** More changes than this make another word. */
const MOST_CHANGES = 2;

/**
 * What somebody may have meant by a word that is none of `known`: the one it begins, or the one that the fewest letters
 * added, left out, changed or swapped make of it. Undefined where nothing is near, or several are as near.
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const begun = known.filter((one) => word.length > 1 && one.startsWith(word));
  if (begun.length === 1) return begun[0];
  // A short word is never as many letters away from itself as it has.
  const most = Math.min(MOST_CHANGES, word.length - 1);
  const ranked = known
    .map((one) => ({ one, changes: changesBetween(word, one) }))
    .filter(({ changes }) => changes <= most)
    .sort((a, b) => a.changes - b.changes);
  const [first, second] = ranked;
  return first?.changes === second?.changes ? undefined : first?.one;
}

/** The distance of Damerau and Levenshtein, without changes inside of what was swapped. */
function changesBetween(from: string, to: string): number {
  let twoAbove: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const here = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      here[column] = Math.min(
        (above[column] ?? 0) + 1,
        (here[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (twoAbove[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    [twoAbove, above] = [above, here];
  }
  return above[to.length] ?? 0;
}
