import { describe, expect, it } from 'vitest';
import { parseSize, sizeWarning } from './size.ts';

describe('a size on the command line', () => {
  it.each([
    ['0', 0],
    ['512', 512],
    ['64k', 65536],
    ['64K', 65536],
    ['1M', 1048576],
    ['1.5G', 1610612736],
    ['0.0001k', 0],
    ['0.001k', 1],
    ['1.k', 1024],
    ['1.1k', 1126],
    ['1.0', 1],
    ['1b', 1],
    ['0x200', 512],
    ['0X1F', 31],
    ['0x1e', 30],
    ['0x10k', 16384],
    ['010', 10],
    ['099', 99],
    ['0e', 0],
    ['+5k', 5120],
    [' 7k', 7168],
    ['64T', 70368744177664],
    ['7E', 8070450532247928832],
    ['9223372036854775807', 2 ** 63],
  ])('%j is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toEqual({ ok: true, value: bytes });
  });

  it.each([
    '',
    'k',
    '.5k',
    '1.5',
    '1.5b',
    '1e3',
    '1.5e3k',
    '-1',
    '-1k',
    '1kk',
    '1 k',
    '7k ',
    '0x',
    '0x1.8k',
    '0b1',
    'inf',
    'nan',
  ])('%j is none', (text) => {
    expect(parseSize(text)).toMatchObject({ ok: false, failure: { code: 'invalid-argument' } });
  });

  it.each(['8E', '16E', '9223372036854775808', '18446744073709551616'])('%j is too large', (text) => {
    expect(parseSize(text)).toMatchObject({ ok: false, failure: { code: 'out-of-range' } });
  });

  it('carries a warning for a suffix on a hexadecimal number', () => {
    expect(sizeWarning('0x10k')).toBe('Using a multiplier suffix on hex numbers is deprecated: 0x10k');
    expect(sizeWarning('0x10')).toBeNull();
    expect(sizeWarning('0x1e')).toBeNull();
    expect(sizeWarning('10k')).toBeNull();
  });
});
