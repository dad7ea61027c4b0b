import { describe, expect, it } from 'vitest';
import { bootBytesOf, bootProfileOf, bootProfileSchema, stretchesOf } from './boot-profile.ts';

const ranges = [
  { offset: 1024, length: 512 },
  { offset: 0, length: 100 },
];

describe('a boot profile', () => {
  it('keeps stretches in their order, through JSON and back', () => {
    const profile = bootProfileOf(ranges);
    const read = bootProfileSchema.parse(JSON.parse(JSON.stringify(profile)));
    expect(stretchesOf(read)).toEqual(ranges);
    expect(bootBytesOf(read)).toBe(612);
  });

  it('is none for a boot that read nothing', () => expect(bootProfileOf([])).toBeNull());

  it('of too many stretches keeps the first', () => {
    const many = Array.from({ length: 100_001 }, (_, index) => ({ offset: index * 2, length: 1 }));
    const profile = bootProfileOf(many);
    expect(bootProfileSchema.safeParse(profile).success).toBe(true);
    expect(profile?.ranges.at(-1)).toEqual([199_998, 1]);
  });

  it.each([
    ['another version', { formatVersion: 2, ranges: [[0, 1]] }],
    ['no stretches', { formatVersion: 1, ranges: [] }],
    ['an empty stretch', { formatVersion: 1, ranges: [[0, 0]] }],
    ['a negative offset', { formatVersion: 1, ranges: [[-1, 1]] }],
    ['more than it should have', { formatVersion: 1, ranges: [[0, 1]], note: 'x' }],
  ])('with %s is refused', (_what, profile) => {
    expect(bootProfileSchema.safeParse(profile).success).toBe(false);
  });
});
