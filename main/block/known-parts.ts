import type { Result } from '../../shared/result.ts';
import type { Range } from './range.ts';

/**
 * Parts of a disk that come some other way than by being read from its source: with a boot pack. Whoever gives them
 * vouches for them; they may come to an end at any time, and then the source has to bring them after all.
 */
export interface KnownParts {
  /** What of `range` comes this way, or is here: ascending, without overlaps. */
  within(range: Range): Promise<readonly Range[]>;
  /**
   * Fills `target` from `offset` on, all of which must have been named by {@link within}. Waits for what is on its way;
   * fails where it does not come after all.
   */
  read(offset: number, target: Uint8Array): Promise<Result<void>>;
  /** The hash of the disk says that these are not its bytes: none of the parts may be used any more. */
  distrust(range: Range): void;
}

/** How many bytes from the beginning of `range` on come with `parts`, without a gap. */
export async function knownFrom(parts: KnownParts, range: Range): Promise<number> {
  let length = 0;
  for (const part of await parts.within(range)) {
    if (part.offset !== range.offset + length) break;
    length += part.length;
  }
  return length;
}

/** What of `range` lies in none of `parts`, which lie in it, ascending and without overlaps. */
export function gapsBetween(parts: readonly Range[], { offset, length }: Range): Range[] {
  const gaps: Range[] = [];
  let at = offset;
  for (const part of [...parts, { offset: offset + length, length: 0 }]) {
    if (part.offset > at) gaps.push({ offset: at, length: part.offset - at });
    at = part.offset + part.length;
  }
  return gaps;
}
