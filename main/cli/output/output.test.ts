import { describe, expect, it } from 'vitest';
import { fixed } from './c-number.ts';
import { byteDigits, humanSize } from './human-size.ts';
import { qemuJson } from './qemu-json.ts';

describe('a number as C prints it', () => {
  it.each([
    [10.625, '10.62'],
    [10.635, '10.63'],
    [0.125, '0.12'],
    [0.375, '0.38'],
    [29.411764705882355, '29.41'],
    [100, '100.00'],
    [0, '0.00'],
    [0.001, '0.00'],
  ])('%d is %s with two decimals', (value, text) => expect(fixed(value, 2)).toBe(text));
});

describe('a size for people', () => {
  it.each([
    [0, '0 B'],
    [512, '512 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [1152, '1.12 KiB'],
    [1000448, '977 KiB'],
    [1047552, '0.999 MiB'],
    [1048064, '1 MiB'],
    [123457024, '118 MiB'],
    [1610612736, '1.5 GiB'],
    [1234567890432, '1.12 TiB'],
    [2 ** 46, '64 TiB'],
  ])('%d bytes are %s', (bytes, text) => expect(humanSize(bytes)).toBe(text));

  it('is exact in digits beyond 2^53', () => {
    expect(byteDigits(7 * 2 ** 60)).toBe('8070450532247928832');
  });
});

describe("QEMU's JSON", () => {
  it('has members in the order of its hash table', () => {
    const keys = [
      'filename',
      'format',
      'virtual-size',
      'actual-size',
      'cluster-size',
      'dirty-flag',
      'backing-filename',
    ];
    const text = qemuJson(Object.fromEntries([...keys, 'full-backing-filename'].map((key) => [key, 1])));
    expect([...text.matchAll(/"(.*)"/g)].map(([, key]) => key)).toEqual([
      'virtual-size',
      'filename',
      'cluster-size',
      'format',
      'actual-size',
      'full-backing-filename',
      'backing-filename',
      'dirty-flag',
    ]);
  });

  it('is indented by four and escapes everything outside ASCII', () => {
    expect(qemuJson([{ a: 'ä"\\\n\u0001😀' }])).toBe(
      '[\n    {\n        "a": "\\u00E4\\"\\\\\\n\\u0001\\uD83D\\uDE00"\n    }\n]',
    );
  });
});
