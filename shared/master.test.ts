import { describe, expect, it } from 'vitest';
import { masterDescriptionSchema } from './master.ts';

const SHA256 = 'a0'.repeat(32);
const SMALLEST = {
  formatVersion: 1,
  sha256: SHA256,
  lengthBytes: 512,
  chunkBytes: 65_536,
  chunks: { sha256: SHA256, lengthBytes: 128 },
};
const WHOLE = {
  ...SMALLEST,
  bootProfile: { sha256: SHA256, lengthBytes: 1000, bootBytes: 512 },
  bootPack: { sha256: SHA256, lengthBytes: 300, uncompressedBytes: 512 },
  state: { sha256: SHA256, lengthBytes: 9_000_000, memoryMiB: 64, emulator: 'v86 0.5.462' },
};

describe('the description of a master', () => {
  it.each([
    ['only a disk and its hashes', SMALLEST],
    ['a boot profile, a boot pack and a saved state besides', WHOLE],
  ])('may have %s', (_what, description) => {
    expect(masterDescriptionSchema.parse(description)).toEqual(description);
  });

  it.each([
    ['another version of the format', { formatVersion: 2 }, 'formatVersion'],
    ['a hash in capitals', { sha256: SHA256.toUpperCase() }, 'sha256'],
    ['a hash that names another folder', { sha256: `../${SHA256.slice(3)}` }, 'sha256'],
    ['a disk without bytes', { lengthBytes: 0 }, 'lengthBytes'],
    ['a disk that ends within a sector', { lengthBytes: 1000 }, 'lengthBytes'],
    ['a disk of more than 64 TiB', { lengthBytes: 2 ** 46 + 512 }, 'lengthBytes'],
    ['another size of chunks', { chunkBytes: 4096 }, 'chunkBytes'],
    ['no hashes', { chunks: undefined }, 'chunks'],
    ['a field that nobody knows', { comment: 'trust me' }, ''],
    ['an unknown field further inside', { chunks: { ...SMALLEST.chunks, url: 'x' } }, 'chunks'],
  ])('may not have %s, and the refusal names the field', (_what, change, field) => {
    const parsed = masterDescriptionSchema.safeParse({ ...SMALLEST, ...change });
    expect(parsed.error?.issues[0]?.path.join('.')).toBe(field);
  });
});
