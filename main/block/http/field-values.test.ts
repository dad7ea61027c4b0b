import { describe, expect, it } from 'vitest';
import { parseContentRange, parseHttpDate, parseLength, retryAfterMs } from './field-values.ts';

describe('Content-Range', () => {
  it.each([
    ['bytes 0-0/1', { span: { first: 0, last: 0 }, total: 1 }],
    [
      'bytes 1099511627776-1099511627780/17592186044416',
      { span: { first: 2 ** 40, last: 2 ** 40 + 4 }, total: 2 ** 44 },
    ],
    ['bytes 5-9/*', { span: { first: 5, last: 9 }, total: null }],
    ['bytes */7', { span: null, total: 7 }],
  ])('reads %s', (value, expected) => {
    expect(parseContentRange(value)).toEqual(expected);
  });

  it.each([
    '',
    'bytes',
    'items 0-1/2',
    'bytes 0-1',
    'bytes 1-0/5',
    'bytes 0-5/5',
    'bytes */*',
    'bytes -1-2/5',
    'bytes 0x1-2/5',
    'bytes 0-1/9007199254740993',
    'bytes 0-1/99999999999999999999',
    'bytes 0-1/5, bytes 0-1/5',
  ])('refuses %j', (value) => {
    expect(parseContentRange(value)).toBeNull();
  });
});

describe('a length', () => {
  it('is a safe whole number', () => {
    expect(parseLength('9007199254740991')).toBe(2 ** 53 - 1);
    for (const wrong of ['', '-1', '1.5', '0x10', '1e3', '9007199254740992', '5, 5']) {
      expect(parseLength(wrong)).toBeUndefined();
    }
  });
});

describe('an HTTP date', () => {
  it('is read in its one form', () => {
    expect(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT')).toBe(784111777000);
    expect(parseHttpDate('Sunday, 06-Nov-94 08:49:37 GMT')).toBeUndefined();
    expect(parseHttpDate('Sun, 99 Nov 1994 08:49:37 GMT')).toBeUndefined();
    expect(parseHttpDate(undefined)).toBeUndefined();
  });
});

describe('Retry-After', () => {
  const wait = (retryAfter?: string, date?: string) => {
    const fields = new Map<string, string>();
    if (retryAfter !== undefined) fields.set('retry-after', retryAfter);
    if (date !== undefined) fields.set('date', date);
    return retryAfterMs({ status: 503, minorVersion: 1, fields });
  };

  it('is a number of seconds, at most an hour', () => {
    expect(wait('7')).toBe(7000);
    expect(wait('0')).toBe(0);
    expect(wait('999999999999999999999')).toBe(3_600_000);
  });

  it('or a date, counted from the date of the server', () => {
    expect(wait('Sun, 06 Nov 1994 08:49:37 GMT', 'Sun, 06 Nov 1994 08:49:07 GMT')).toBe(30_000);
    expect(wait('Sun, 06 Nov 1994 08:49:37 GMT', 'Sun, 06 Nov 1994 09:00:00 GMT')).toBe(0);
    expect(wait('Sun, 06 Nov 1994 08:49:37 GMT')).toBeUndefined();
  });

  it('says nothing when it is missing or makes no sense', () => {
    expect(wait()).toBeUndefined();
    expect(wait('soon')).toBeUndefined();
    expect(wait('-5')).toBeUndefined();
  });
});
