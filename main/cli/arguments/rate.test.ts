import { describe, expect, it } from 'vitest';
import { parseRate } from './rate.ts';

describe('a rate on the command line', () => {
  it.each([
    ['20mbit', 2_500_000],
    ['1.5 Gbit/s', 187_500_000],
    ['500k', 512_000],
    ['2.5M', 2_621_440],
    ['2MB/s', 2_097_152],
    ['2MiB/s', 2_097_152],
    ['4096', 4096],
    ['0', 0],
    ['off', 0],
  ])('takes %s as %d bytes per second', (text, bytesPerSecond) => {
    expect(parseRate(text)).toEqual({ ok: true, value: bytesPerSecond });
  });

  it.each(['', 'fast', '-1', '10 parsecs', 'mbit'])('refuses %j and says what would do', (text) => {
    expect(parseRate(text)).toMatchObject({
      ok: false,
      failure: { code: 'invalid-argument', message: expect.stringContaining('20mbit') as string },
    });
  });
});
