import { describe, expect, it } from 'vitest';
import { parseRate, rateText } from './rate-input.ts';

describe('a typed rate', () => {
  it.each([
    ['', 'MB/s', 0],
    ['2.5', 'MB/s', 2_500_000],
    ['2,5', 'MB/s', 2_500_000],
    [' 20 ', 'Mbit/s', 2_500_000],
    ['300', 'kB/s', 300_000],
  ] as const)('"%s" %s is %d bytes per second', (text, unit, rate) =>
    expect(parseRate(text, unit)).toBe(rate),
  );

  it.each(['0', '-1', 'fast', '1e9', '1.2.3', 'Infinity'])('is not "%s"', (text) =>
    expect(parseRate(text, 'MB/s')).toBeUndefined(),
  );

  it('comes back as it was typed', () => {
    expect(rateText(2_500_000, 'MB/s', 'de')).toBe('2,5');
    expect(rateText(0, 'MB/s', 'en')).toBe('');
    expect(parseRate(rateText(1_234_000, 'kB/s', 'en'), 'kB/s')).toBe(1_234_000);
  });
});
