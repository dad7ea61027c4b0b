import { describe, expect, it } from 'vitest';
import { GIB, KIB, MIB, TIB } from '../../../shared/units.ts';
import { ManifestLayout } from './layout.ts';

describe('the layout of a chunk manifest', () => {
  it.each([
    ['of a sector', 512, [1], 64 + 32],
    ['of a chunk and a sector', 64 * KIB + 512, [2], 64 + 2 * 32],
    ['that one block covers', 64 * MIB, [1024], 64 + 32 * KIB],
    ['one sector too long for that', 64 * MIB + 512, [1025, 2], 64 + 2 * 32],
    ['of 10 GiB', 10 * GIB, [163_840, 160], 64 + 5 * KIB],
    ['of 64 GiB', 64 * GIB, [1024 * 1024, 1024], 64 + 32 * KIB],
    ['one sector too long for two levels', 64 * GIB + 512, [1024 * 1024 + 1, 1025, 2], 64 + 2 * 32],
    ['of 64 TiB', 64 * TIB, [2 ** 30, 2 ** 20, 1024], 64 + 32 * KIB],
  ])('for a disk %s needs only its head to begin with', (_what, diskBytes, counts, headBytes) => {
    const layout = new ManifestLayout(diskBytes);
    expect(layout.levels.map(({ count }) => count)).toEqual(counts);
    expect(layout.headBytes).toBe(headBytes);
    expect(layout.fileBytes).toBe(64 + 32 * counts.reduce((sum, count) => sum + count));
  });

  it('has the uppermost level behind the header and the hashes of the chunks at the end', () => {
    const { levels, fileBytes } = new ManifestLayout(100 * GIB);
    expect(levels.map(({ fileOffset }) => fileOffset)).toEqual([64 + 32 * (2 + 1600), 64 + 32 * 2, 64]);
    expect(fileBytes).toBe(64 + 32 * (2 + 1600 + 1600 * 1024));
  });

  it('knows which bytes a chunk and a block of hashes are, also the last ones', () => {
    const layout = new ManifestLayout(64 * MIB + 64 * KIB + 512);
    expect(layout.chunk(0)).toEqual({ offset: 0, length: 64 * KIB });
    expect(layout.chunk(1025)).toEqual({ offset: 64 * MIB + 64 * KIB, length: 512 });
    expect(layout.block(0, 0)).toEqual({ offset: 128, length: 32 * KIB });
    expect(layout.block(0, 1)).toEqual({ offset: 128 + 32 * KIB, length: 64 });
    expect(layout.block(1, 0)).toEqual({ offset: 64, length: 64 });
  });
});
