import { describe, expect, it } from 'vitest';
import { GIB, KIB, MIB, TIB } from '../../shared/units.ts';
import { Formatter } from './format.ts';

const english = new Formatter('en-US', 'MB/s');
const german = new Formatter('de-DE', 'Mbit/s');
const plain = (text: string) => text.replace(/\s/gu, ' ');

describe('sizes', () => {
  it.each([
    [0, '0 B'],
    [512, '512 B'],
    [320 * KIB, '320 KiB'],
    [1.5 * GIB, '1.5 GiB'],
    [1023 * MIB, '1 GiB'],
    [14.26 * MIB, '14.3 MiB'],
    [64 * TIB, '64 TiB'],
  ])('%d bytes are %s', (bytes, text) => expect(plain(english.bytes(bytes))).toBe(text));

  it('of places tell one from the next', () => {
    expect(plain(english.place(256 * MIB - 428 * KIB, 428 * KIB))).toBe('255.6 MiB');
    expect(plain(english.place(256 * MIB, 428 * KIB))).toBe('256 MiB');
    expect(plain(english.place(63.984375 * TIB, 16 * GIB))).toBe('63.98 TiB');
    expect(plain(english.place(0, 64 * KIB))).toBe('0 B');
  });

  it('have the decimal sign of the language', () => expect(plain(german.bytes(1.5 * GIB))).toBe('1,5 GiB'));
});

describe('rates', () => {
  it('are in the unit of the preference', () => {
    expect(plain(english.rate(2_500_000))).toBe('2.5 MB/s');
    expect(plain(german.rate(2_500_000))).toBe('20 Mbit/s');
    expect(plain(new Formatter('en', 'kB/s').rate(2_500_000))).toBe('2,500 kB/s');
  });
});

describe('percentages', () => {
  it('say 100 only when nothing is missing', () => {
    expect(plain(english.percent(0.9999))).toBe('99%');
    expect(plain(german.percent(1))).toBe('100 %');
  });
  it('say 0 only when nothing is there', () => {
    expect(plain(english.percent(0))).toBe('0%');
    expect(plain(english.percent(0.006))).toBe('<1%');
    expect(plain(german.percent(0.006))).toBe('<1 %');
  });
});

describe('memory', () => {
  it('is said in the largest unit that it fills', () => {
    expect(plain(english.memory(128))).toBe('128 MiB');
    expect(plain(english.memory(1000))).toBe('1,000 MiB');
    expect(plain(english.memory(1024))).toBe('1 GiB');
  });
});

describe('durations', () => {
  it.each([
    [0, '0 sec'],
    [59_400, '59 sec'],
    [200_000, '3 min 20 sec'],
    [3_600_000, '1 hr'],
    [2 * 86_400_000 + 4 * 3_600_000 + 60_000, '2 days 4 hr'],
  ])('of %d ms are %s', (ms, text) => expect(plain(english.duration(ms))).toBe(text));
});

describe('weekdays', () => {
  it('begin with Sunday as number 0', () => {
    expect(english.weekday(0)).toBe('Sun');
    expect(german.weekday(1)).toBe('Mo');
  });
});
