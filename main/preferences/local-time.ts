/** A moment as clocks on the wall show it. */
export interface LocalTime {
  /** 0 is Sunday. */
  readonly day: number;
  /** Minutes since midnight, 0 to 1439. */
  readonly minute: number;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/**
 * Reads the local time of a time zone, by the rules of its calendar: an hour that a change of clocks leaves out does
 * not happen, one it repeats happens twice. Nothing is computed from differences of local times.
 * @param timeZone IANA name; the computer's own when left out
 */
export function localTimeReader(timeZone?: string): (nowMs: number) => LocalTime {
  const format = new Intl.DateTimeFormat('en-US', {
    ...(timeZone !== undefined && { timeZone }),
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return (nowMs) => {
    const parts = new Map(format.formatToParts(nowMs).map(({ type, value }) => [type, value]));
    return {
      day: DAYS.indexOf(parts.get('weekday') ?? ''),
      minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
    };
  };
}
