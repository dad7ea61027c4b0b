import { describe, expect, it } from 'vitest';
import { GIB, KIB, MIB, TIB } from '../../../../shared/units.ts';
import { quantity } from './quantity.ts';

describe('a number of bytes in the output of io', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 bytes'],
    [1023, '1023 bytes'],
    [283.77835, '283.778350 bytes'],
    [KIB, '1 KiB'],
    [1.5 * KIB, '1.500 KiB'],
    [MIB - 1, '1023.999 KiB'],
    [MIB - 0.25, '1024 KiB'],
    [MIB + 1, '1 MiB'],
    [10 * GIB, '10 GiB'],
    [64 * TIB, '64 TiB'],
    [2 ** 63, '8 EiB'],
    [2 ** 80, '1048576 EiB'],
  ])('%d is %s', (bytes, text) => {
    expect(quantity(bytes)).toBe(text);
  });

  it('rounds exact halves to the even digit, as C does', () => {
    expect(quantity(1088)).toBe('1.062 KiB');
    expect(quantity(1216)).toBe('1.188 KiB');
  });
});
