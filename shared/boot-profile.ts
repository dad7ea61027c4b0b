import { z } from 'zod';

/** More stretches than any boot reads; what a file may hold has a bound. */
const MOST_RANGES = 100_000;

/**
 * What a recorded boot read of its disk: exact stretches of bytes as `[offset, length]`, each byte once, in order of
 * first use. The same whether it was learned on this computer or published with the master.
 */
export const bootProfileSchema = z.strictObject({
  formatVersion: z.literal(1),
  ranges: z
    .array(z.tuple([z.number().int().nonnegative(), z.number().int().positive()]))
    .min(1)
    .max(MOST_RANGES),
});

export type BootProfileDocument = z.infer<typeof bootProfileSchema>;

interface Stretch {
  readonly offset: number;
  readonly length: number;
}

/** Null for a boot that read nothing. Of more pieces than a profile can have the first are kept. */
export function bootProfileOf(ranges: readonly Stretch[]): BootProfileDocument | null {
  if (ranges.length === 0) return null;
  const kept = ranges.slice(0, MOST_RANGES);
  return { formatVersion: 1, ranges: kept.map(({ offset, length }) => [offset, length]) };
}

export function stretchesOf({ ranges }: BootProfileDocument): Stretch[] {
  return ranges.map(([offset, length]) => ({ offset, length }));
}

/** How much of the disk a start needs, in bytes. */
export function bootBytesOf({ ranges }: BootProfileDocument): number {
  return ranges.reduce((sum, [, length]) => sum + length, 0);
}
