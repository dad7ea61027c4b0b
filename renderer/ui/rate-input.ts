import { BYTES_PER_SECOND, type RateUnit } from '../../shared/rate-unit.ts';

/** What a limit looks like in a text field; empty for none. */
export function rateText(bytesPerSecond: number, unit: RateUnit, locale: string): string {
  if (bytesPerSecond === 0) return '';
  const format = new Intl.NumberFormat(locale, { maximumFractionDigits: 3, useGrouping: false });
  return format.format(bytesPerSecond / BYTES_PER_SECOND[unit]);
}

/** What was typed, in bytes per second: 0 for none, undefined when it is not a rate. Takes decimal points and commas. */
export function parseRate(text: string, unit: RateUnit): number | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return 0;
  if (!/^\d{1,9}([.,]\d{1,6})?$/.test(trimmed)) return undefined;
  const rate = Math.round(Number(trimmed.replace(',', '.')) * BYTES_PER_SECOND[unit]);
  return rate > 0 ? rate : undefined;
}
