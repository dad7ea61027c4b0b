import { describe, expect, it } from 'vitest';
import { parseCInteger } from './c-integer.ts';

describe('a whole number as strtol reads it', () => {
  it.each([
    ['0', 0],
    ['255', 255],
    ['0xFf', 255],
    ['010', 8],
    ['+7', 7],
    ['-7', -7],
    ['-0x10', -16],
    [' 5', 5],
  ])('%j is %d', (text, value) => {
    expect(parseCInteger(text)).toBe(value);
  });

  it.each(['', 'x', '0x', '08', '1.5', '5 ', '+', '1k', '""'])('%j is none', (text) => {
    expect(parseCInteger(text)).toBeNull();
  });
});
