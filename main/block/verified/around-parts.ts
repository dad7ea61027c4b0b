import { CHUNK_BYTES } from '../../../shared/master-files.ts';
import { DONE, type Result } from '../../../shared/result.ts';
import { gapsBetween, type KnownParts } from '../known-parts.ts';
import { rangeEnd, type Range } from '../range.ts';

/** How to ask the sources of a master. */
export interface SourceReads {
  /** Fills `target` with what a source says, right or wrong. */
  unverified(range: Range, target: Uint8Array): Promise<Result<void>>;
  /** Fills `target`, all of whose chunks are verified. */
  verified(range: Range, target: Uint8Array): Promise<Result<void>>;
  /** The chunks of `target` that are wrong. */
  findWrong(offset: number, target: Uint8Array): readonly Range[];
}

/**
 * Fills `target` with whole chunks of which `parts` has something: the sources are asked for the rest only, and every
 * chunk is compared with its hash when all of it is there. A chunk whose pieces do not fit is fetched as a whole; if it
 * was the parts that were wrong, they are not used again.
 */
export async function readAround(
  parts: KnownParts,
  range: Range,
  target: Uint8Array,
  sources: SourceReads,
): Promise<Result<void>> {
  const within = ({ offset, length }: Range) =>
    target.subarray(offset - range.offset, offset - range.offset + length);
  const known = await parts.within(range);
  // All of them end before the target is handed back, also after a failure.
  const [came, fetched] = await Promise.all([
    Promise.all(known.map((part) => parts.read(part.offset, within(part)))),
    Promise.all(gapsBetween(known, range).map((gap) => sources.unverified(gap, within(gap)))),
  ]);
  const failed = fetched.find((gap) => !gap.ok);
  if (failed !== undefined) return failed;
  if (came.some((part) => !part.ok)) return sources.verified(range, target);
  for (const wrong of sources.findWrong(range.offset, target)) {
    const before = within(wrong).slice();
    const read = await sources.verified(wrong, within(wrong));
    if (!read.ok) return read;
    const differs = known.some((part) => !sameWhere(part, wrong, before, within(wrong)));
    if (differs) parts.distrust(wrong);
  }
  return DONE;
}

/** Of the chunks from the one at `range.offset` on, how many are alike in that `known` has something of them, or nothing. */
export function alikeChunks(
  known: readonly Range[],
  range: Range,
): { readonly count: number; readonly hasParts: boolean } {
  const chunks = Math.ceil(range.length / CHUNK_BYTES);
  if (known.length === 0) return { count: chunks, hasParts: false };
  const touches = (chunk: number) =>
    known.some(({ offset, length }) => offset < chunk + CHUNK_BYTES && offset + length > chunk);
  const hasParts = touches(range.offset);
  let end = range.offset + CHUNK_BYTES;
  while (end < rangeEnd(range) && touches(end) === hasParts) end += CHUNK_BYTES;
  return { count: (end - range.offset) / CHUNK_BYTES, hasParts };
}

/** Whether two versions of a chunk are the same where it lies in `part`. */
function sameWhere(part: Range, chunk: Range, one: Uint8Array, other: Uint8Array): boolean {
  const from = Math.max(0, part.offset - chunk.offset);
  const to = Math.min(chunk.length, rangeEnd(part) - chunk.offset);
  return from >= to || Buffer.compare(one.subarray(from, to), other.subarray(from, to)) === 0;
}
