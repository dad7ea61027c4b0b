import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { formatLink, parseLinkSpec } from './link-spec.ts';

describe('the description of a link', () => {
  it.each([
    ['20mbit,30ms', { bitsPerSecond: 20e6, roundTripMs: 30 }],
    [' 1.5Gbit , 0.5ms ', { bitsPerSecond: 1.5e9, roundTripMs: 0.5 }],
    ['30ms,512kbit', { bitsPerSecond: 512e3, roundTripMs: 30 }],
    ['8000bit', { bitsPerSecond: 8000, roundTripMs: 0 }],
    ['250ms', { bitsPerSecond: null, roundTripMs: 250 }],
    ['off', null],
  ])('%s is understood', (text, expected) => {
    expect(unwrap(parseLinkSpec(text))).toEqual(expected);
  });

  it.each([
    [
      '',
      "link '': '' does not fit; use a rate and a round-trip time such as '20mbit,30ms', one of them, or 'off'",
    ],
    [
      'fast',
      "link 'fast': 'fast' does not fit; use a rate and a round-trip time such as '20mbit,30ms', one of them, or 'off'",
    ],
    [
      '20mbit,30mbit',
      "link '20mbit,30mbit': '30mbit' does not fit; use a rate and a round-trip time such as '20mbit,30ms', one of them, or 'off'",
    ],
    [
      '20MB',
      "link '20MB': '20mb' does not fit; use a rate and a round-trip time such as '20mbit,30ms', one of them, or 'off'",
    ],
    ['0mbit', "link '0mbit': the rate must lie between 8kbit and 1000gbit"],
    ['1001gbit', "link '1001gbit': the rate must lie between 8kbit and 1000gbit"],
    ['20mbit,99999ms', "link '20mbit,99999ms': the round-trip time must be at most 10000ms"],
  ])('%j is refused', (text, message) => {
    expect(parseLinkSpec(text)).toEqual({ ok: false, failure: { code: 'invalid-argument', message } });
  });

  it.each(['20mbit,30ms', '1.5gbit,0ms', '250ms', 'off'])('%s is printed as it was read', (text) => {
    expect(formatLink(unwrap(parseLinkSpec(text)))).toBe(text);
  });
});
