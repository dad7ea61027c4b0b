import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { GIB, KIB, TIB } from '../../shared/units.ts';
import { describeBlockDevice } from './device.conformance.ts';
import { MemoryDevice } from '../../test/support/memory-device.ts';

describeBlockDevice('memory', { make: async (content) => MemoryDevice.of(content) });
describeBlockDevice('read-only memory', {
  make: async (content) => MemoryDevice.of(content, { readOnly: true }),
});

describe('a disk in memory', () => {
  it('takes memory only where it holds data, and knows its holes', async () => {
    const disk = new MemoryDevice(64 * TIB);
    unwrap(await disk.write(3 * TIB, new Uint8Array([1])));
    unwrap(await disk.write(5 * TIB, new Uint8Array(4096)));
    expect(unwrap(await disk.extentAt(0, 64 * TIB))).toEqual({ offset: 0, length: 3 * TIB, kind: 'zero' });
    expect(unwrap(await disk.extentAt(3 * TIB, GIB))).toMatchObject({ length: 64 * KIB, kind: 'data' });
    expect(unwrap(await disk.extentAt(3 * TIB + 64 * KIB, GIB))).toMatchObject({ length: GIB, kind: 'zero' });
  });

  it('gives zeroed memory back', async () => {
    const disk = MemoryDevice.of(new Uint8Array(256 * KIB).fill(1));
    unwrap(await disk.writeZeroes(100, 200 * KIB));
    expect(unwrap(await disk.extentAt(64 * KIB, 192 * KIB))).toMatchObject({
      length: 128 * KIB,
      kind: 'zero',
    });
  });

  it('grows with zeroes, also where it was cut before', async () => {
    const disk = MemoryDevice.of(new Uint8Array(8192).fill(1));
    unwrap(await disk.resize(1000));
    unwrap(await disk.resize(8192));
    const bytes = new Uint8Array(8192);
    unwrap(await disk.read(0, bytes));
    expect(bytes.lastIndexOf(1)).toBe(999);
  });
});
