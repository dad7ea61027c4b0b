import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gapsBetween } from '../known-parts.ts';
import type { Range } from '../range.ts';
import type { PackFrame } from './layout.ts';
import { PackMap } from './pack-map.ts';

const DISK_BYTES = 400;

/** Disjoint ranges in any order, dealt out to frames. */
const framesArbitrary = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 0, max: DISK_BYTES }), { minLength: 2, maxLength: 40 }),
    fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
    fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 40, maxLength: 40 }),
    fc.integer({ min: 0, max: 1000 }),
  )
  .map(([borders, kept, sizes, turn]) => {
    const sorted = borders.sort((a, b) => a - b);
    const ranges = sorted
      .slice(1)
      .map((end, index) => ({ offset: sorted[index] ?? 0, length: end - (sorted[index] ?? 0) }))
      .filter((_, index) => kept[index])
      .sort((one, other) => ((one.offset * 7 + turn) % 13) - ((other.offset * 7 + turn) % 13));
    const frames: PackFrame[] = [];
    while (ranges.length > 0) {
      const own = ranges.splice(0, sizes[frames.length] ?? 1);
      const contentBytes = own.reduce((sum, { length }) => sum + length, 0);
      frames.push({ fileOffset: 0, storedBytes: 1, contentBytes, sha256: Buffer.alloc(32), ranges: own });
    }
    return frames;
  });

const rangeArbitrary = fc
  .tuple(fc.integer({ min: 0, max: DISK_BYTES - 1 }), fc.integer({ min: 1, max: DISK_BYTES }))
  .map(([offset, length]) => ({ offset, length: Math.min(length, DISK_BYTES - offset) }));

/** For every byte of the disk the frame and the place in it; null where the pack has nothing. */
function bytewise(frames: readonly PackFrame[]): (string | null)[] {
  const bytes = new Array<string | null>(DISK_BYTES).fill(null);
  for (const [frame, { ranges }] of frames.entries()) {
    let content = 0;
    for (const { offset, length } of ranges) {
      for (let at = offset; at < offset + length; at++) bytes[at] = `${frame}:${content++}`;
    }
  }
  return bytes;
}

describe('where the bytes of a disk are in a pack', () => {
  it('is found for any stretch, byte for byte, in ascending order', () => {
    fc.assert(
      fc.property(framesArbitrary, rangeArbitrary, (frames, range) => {
        const expected = bytewise(frames).map((place, at) =>
          at >= range.offset && at < range.offset + range.length ? place : null,
        );
        const found = new Array<string | null>(DISK_BYTES).fill(null);
        let last = 0;
        for (const { offset, length, frame, contentOffset } of new PackMap({ frames }).within(range)) {
          expect(offset).toBeGreaterThanOrEqual(last);
          last = offset + length;
          for (let at = 0; at < length; at++) found[offset + at] = `${frame}:${contentOffset + at}`;
        }
        expect(found).toEqual(expected);
      }),
    );
  });

  it('leaves gaps that are exactly the bytes it does not have', () => {
    fc.assert(
      fc.property(framesArbitrary, rangeArbitrary, (frames, range) => {
        const parts = new PackMap({ frames }).within(range);
        const covered = new Uint8Array(DISK_BYTES);
        const add = ({ offset, length }: Range) => {
          for (let at = offset; at < offset + length; at++) covered[at] = (covered[at] ?? 0) + 1;
        };
        for (const part of [...parts, ...gapsBetween(parts, range)]) add(part);
        expect([...covered]).toEqual(
          Array.from({ length: DISK_BYTES }, (_, at) =>
            Number(at >= range.offset && at < range.offset + range.length),
          ),
        );
      }),
    );
  });
});
