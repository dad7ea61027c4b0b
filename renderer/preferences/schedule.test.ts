import { describe, expect, it } from 'vitest';
import { en } from '../i18n/en.ts';
import { Formatter } from '../i18n/format.ts';
import { describeDays, describeHours, endMinute, parseTime, timeText } from './schedule.ts';

const format = new Formatter('en-GB', 'MB/s');
const days = (...wanted: number[]) => describeDays(wanted, en.preferences, format);

describe('a scheduled limit', () => {
  it('names its days as people do', () => {
    expect(days(5, 4, 3, 2, 1)).toBe('Monday to Friday');
    expect(days(6, 0)).toBe('Weekend');
    expect(days(0, 1, 2, 3, 4, 5, 6)).toBe('Every day');
    expect(days(0, 3, 1)).toBe('Mon, Wed and Sun');
  });

  it('names its hours', () => {
    expect(describeHours({ days: [1], from: 8 * 60, to: 17 * 60 + 30, limit: 0 }, en.preferences)).toBe(
      '08:00 to 17:30',
    );
    expect(describeHours({ days: [1], from: 0, to: 24 * 60, limit: 0 }, en.preferences)).toBe('all day');
  });

  it('reads times', () => {
    expect(parseTime('22:30')).toBe(1350);
    expect(parseTime('25:00')).toBeUndefined();
    expect(parseTime('')).toBeUndefined();
    expect(timeText(1440)).toBe('00:00');
    expect(endMinute(0)).toBe(1440);
  });
});
