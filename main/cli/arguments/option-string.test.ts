import { describe, expect, it } from 'vitest';
import { asksForHelp, escapeOptionValue, parseOptionString } from './option-string.ts';

describe('an option string', () => {
  it('is a list of keys and values; two commas stand for one', () => {
    expect(parseOptionString('backing_file=a,,b.raw,size=1M')).toEqual({
      ok: true,
      value: [
        { key: 'backing_file', value: 'a,b.raw', bare: false },
        { key: 'size', value: '1M', bare: false },
      ],
    });
  });

  it('switches a bare word on, or off when it begins with no', () => {
    expect(parseOptionString('stream,nostream,x=')).toEqual({
      ok: true,
      value: [
        { key: 'stream', value: 'on', bare: true },
        { key: 'stream', value: 'off', bare: true },
        { key: 'x', value: '', bare: false },
      ],
    });
  });

  it.each(['', ',', 'a=b,', ',a=b'])('%j is none', (text) => {
    expect(parseOptionString(text)).toEqual({
      ok: false,
      failure: { code: 'invalid-argument', message: `Invalid option list: ${text}` },
    });
  });

  it('asks for help by a word of its own', () => {
    expect(asksForHelp('size=1,help')).toBe(true);
    expect(asksForHelp('?')).toBe(true);
    expect(asksForHelp('backing_file=help')).toBe(false);
  });

  it('is read back as it was written', () => {
    const value = 'a,,b=c,d';
    const parsed = parseOptionString(`k=${escapeOptionValue(value)}x`);
    expect(parsed).toMatchObject({ ok: true, value: [{ value: `${value}x` }] });
  });
});
