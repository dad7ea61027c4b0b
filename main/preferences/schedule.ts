import type { ScheduleEntry } from '../../shared/preferences.ts';
import type { LocalTime } from './local-time.ts';

/** The first entry that covers a moment, or null. Entries further up in the list go first where they overlap. */
export function entryAt(schedule: readonly ScheduleEntry[], time: LocalTime): ScheduleEntry | null {
  return schedule.find((entry) => covers(entry, time)) ?? null;
}

/**
 * Whether a stretch covers a moment: from `from` on, before `to`. One that reaches past midnight belongs to the day it
 * began on; one that ends when it begins takes a whole day.
 */
function covers({ days, from, to }: ScheduleEntry, { day, minute }: LocalTime): boolean {
  const dayBefore = (day + 6) % 7;
  if (from < to) return days.includes(day) && minute >= from && minute < to;
  return (days.includes(day) && minute >= from) || (days.includes(dayBefore) && minute < to);
}
