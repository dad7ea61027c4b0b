import { describe, expect, it } from 'vitest';
import type { ScheduleEntry } from '../../shared/preferences.ts';
import { localTimeReader } from './local-time.ts';
import { entryAt } from './schedule.ts';

const WEEKDAYS = [1, 2, 3, 4, 5];
const entry = (over: Partial<ScheduleEntry>): ScheduleEntry => ({
  days: WEEKDAYS,
  from: 0,
  to: 0,
  limit: 1,
  ...over,
});
const at = (day: number, hour: number, minute = 0) => ({ day, minute: hour * 60 + minute });

describe('a schedule', () => {
  it('covers a stretch from its first minute up to, not including, its last', () => {
    const office = [entry({ from: 9 * 60, to: 17 * 60 })];
    expect(entryAt(office, at(1, 8, 59))).toBeNull();
    expect(entryAt(office, at(1, 9))).not.toBeNull();
    expect(entryAt(office, at(1, 16, 59))).not.toBeNull();
    expect(entryAt(office, at(1, 17))).toBeNull();
    expect(entryAt(office, at(0, 12))).toBeNull();
  });

  it('reaches past midnight into the day after, which need not be named', () => {
    const night = [entry({ days: [5], from: 22 * 60, to: 6 * 60 })];
    expect(entryAt(night, at(5, 21, 59))).toBeNull();
    expect(entryAt(night, at(5, 23))).not.toBeNull();
    expect(entryAt(night, at(6, 5, 59))).not.toBeNull();
    expect(entryAt(night, at(6, 6))).toBeNull();
    expect(entryAt(night, at(6, 23))).toBeNull();
    expect(entryAt(night, at(5, 3))).toBeNull();
  });

  it('reaches from Saturday into Sunday', () => {
    expect(entryAt([entry({ days: [6], from: 1380, to: 60 })], at(0, 0, 30))).not.toBeNull();
  });

  it('takes a whole day where a stretch ends when it begins', () => {
    const allDay = [entry({ days: [2], from: 0, to: 0 })];
    expect(entryAt(allDay, at(2, 0))).not.toBeNull();
    expect(entryAt(allDay, at(2, 23, 59))).not.toBeNull();
    expect(entryAt(allDay, at(3, 0))).toBeNull();
  });

  it('can end at midnight', () => {
    const evening = [entry({ days: [2], from: 20 * 60, to: 24 * 60 })];
    expect(entryAt(evening, at(2, 23, 59))).not.toBeNull();
    expect(entryAt(evening, at(3, 0))).toBeNull();
  });

  it('goes by the first entry where several overlap', () => {
    const both = [entry({ from: 60, to: 120, limit: 10 }), entry({ from: 0, to: 600, limit: 20 })];
    expect(entryAt(both, at(1, 1, 30))?.limit).toBe(10);
    expect(entryAt(both, at(1, 3))?.limit).toBe(20);
  });
});

describe('local time', () => {
  const berlin = localTimeReader('Europe/Berlin');

  it('is that of the time zone, not of UTC', () => {
    expect(berlin(Date.UTC(2026, 0, 4, 23, 30))).toEqual({ day: 1, minute: 30 });
    expect(localTimeReader('America/St_Johns')(Date.UTC(2026, 0, 5, 3, 0))).toEqual({
      day: 0,
      minute: 23 * 60 + 30,
    });
  });

  it('leaves out the hour that clocks skip in spring', () => {
    const night = [entry({ days: [0], from: 2 * 60, to: 3 * 60 })];
    const minutes = Array.from({ length: 24 * 60 }, (_, minute) => Date.UTC(2026, 2, 28, 23, minute));
    expect(minutes.filter((now) => entryAt(night, berlin(now)) !== null)).toEqual([]);
  });

  it('has the hour twice that clocks repeat in autumn', () => {
    const night = [entry({ days: [0], from: 2 * 60, to: 3 * 60 })];
    const minutes = Array.from({ length: 25 * 60 }, (_, minute) => Date.UTC(2026, 9, 24, 22, minute));
    expect(minutes.filter((now) => entryAt(night, berlin(now)) !== null)).toHaveLength(120);
  });
});
