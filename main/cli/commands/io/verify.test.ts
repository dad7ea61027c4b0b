import { describe, expect, it } from 'vitest';
import { isFilledWith, mismatch } from './verify.ts';

describe('pattern verification', () => {
  it('finds a single different byte, wherever it is', () => {
    for (const at of [0, 1, 7, 99]) {
      const bytes = new Uint8Array(100).fill(5);
      expect(isFilledWith(bytes, 5)).toBe(true);
      bytes[at] = 6;
      expect(isFilledWith(bytes, 5)).toBe(false);
    }
  });

  it('is satisfied by nothing', () => {
    expect(isFilledWith(new Uint8Array(0), 5)).toBe(true);
  });

  it('looks at the part that was asked for, and names it', () => {
    const bytes = Uint8Array.of(1, 2, 2, 3);
    expect(mismatch(bytes, 100, { pattern: 2, start: 1, length: 2 })).toBeNull();
    expect(mismatch(bytes, 100, { pattern: 2, start: 1, length: 3 })).toBe(
      'Pattern verification failed at offset 101, 3 bytes',
    );
  });
});
