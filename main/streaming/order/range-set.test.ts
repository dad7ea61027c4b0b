import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RangeSet } from './range-set.ts';

const SIZE = 64;
const range = fc
  .tuple(fc.integer({ min: 0, max: SIZE - 1 }), fc.integer({ min: 0, max: 20 }))
  .map(([offset, length]) => ({ offset, length: Math.min(length, SIZE - offset) }));

describe('a range set', () => {
  it('behaves like a set of addresses, kept in the fewest ranges', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), range), { maxLength: 30 }), range, (steps, probe) => {
        const set = new RangeSet();
        const model = new Array<boolean>(SIZE).fill(false);
        for (const [adds, step] of steps) {
          if (adds) set.add(step);
          else set.remove(step);
          model.fill(adds, step.offset, step.offset + step.length);
        }
        const runs: { offset: number; length: number }[] = [];
        model.forEach((present, at) => {
          if (!present) return;
          const last = runs.at(-1);
          if (last !== undefined && last.offset + last.length === at) last.length += 1;
          else runs.push({ offset: at, length: 1 });
        });
        expect([...set]).toEqual(runs);
        expect(set.totalBytes).toBe(model.filter(Boolean).length);

        const gap = set.firstGap(probe);
        const wanted = model.findIndex(
          (p, at) => !p && at >= probe.offset && at < probe.offset + probe.length,
        );
        expect(gap?.offset ?? -1).toBe(wanted);
        for (let at = gap?.offset ?? 0; at < (gap === null ? 0 : gap.offset + gap.length); at++) {
          expect(model[at]).toBe(false);
        }
      }),
    );
  });
});
