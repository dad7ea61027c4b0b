import { describe, expect, it } from 'vitest';
import { isZero } from './zeroes.ts';

describe('the test for zeroes', () => {
  it('finds a byte anywhere, in blocks of any length and place', () => {
    const buffer = new Uint8Array(200);
    for (const start of [0, 1, 7]) {
      for (const length of [0, 1, 7, 8, 9, 15, 16, 17, 64, 150]) {
        const bytes = buffer.subarray(start, start + length);
        expect(isZero(bytes)).toBe(true);
        for (let at = 0; at < length; at++) {
          bytes[at] = 0x80;
          expect(isZero(bytes)).toBe(false);
          bytes[at] = 0;
        }
      }
    }
  });

  it('does not look outside the block', () => {
    const buffer = new Uint8Array(64).fill(1);
    buffer.fill(0, 10, 40);
    expect(isZero(buffer.subarray(10, 40))).toBe(true);
  });

  it('is not taken in by repetition', () => {
    expect(isZero(new Uint8Array(64).fill(1))).toBe(false);
  });
});
