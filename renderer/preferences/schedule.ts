import type { ScheduleEntry } from '../../shared/preferences.ts';
import type { Messages } from '../i18n/en.ts';
import type { Formatter } from '../i18n/format.ts';

/** Weeks are shown from Monday on. 0 is Sunday. */
export const DAYS_IN_ORDER = [1, 2, 3, 4, 5, 6, 0] as const;
const WHOLE_DAY_MINUTES = 24 * 60;

/** "22:30" as time fields have it. The end of a day is 00:00 there. */
export function timeText(minute: number): string {
  const inDay = minute % WHOLE_DAY_MINUTES;
  const two = (value: number) => String(value).padStart(2, '0');
  return `${two(Math.floor(inDay / 60))}:${two(inDay % 60)}`;
}

export function parseTime(text: string): number | undefined {
  const match = /^(\d{1,2}):(\d{2})/.exec(text);
  if (!match) return undefined;
  const minute = Number(match[1]) * 60 + Number(match[2]);
  return minute < WHOLE_DAY_MINUTES ? minute : undefined;
}

/** An entry that ends at midnight ends at the end of its day, not at its beginning. */
export function endMinute(to: number): number {
  return to === 0 ? WHOLE_DAY_MINUTES : to;
}

export function describeDays(
  days: readonly number[],
  words: Messages['preferences'],
  format: Formatter,
): string {
  const key = [...days].sort().join('');
  if (key === '0123456') return words.everyDay;
  if (key === '12345') return words.workdays;
  if (key === '06') return words.weekend;
  return format.list(DAYS_IN_ORDER.filter((day) => days.includes(day)).map((day) => format.weekday(day)));
}

export function describeHours({ from, to }: ScheduleEntry, words: Messages['preferences']): string {
  if (from === 0 && to === WHOLE_DAY_MINUTES) return words.wholeDay;
  return words.hours(timeText(from), timeText(to));
}
