import { HOUR_MS } from './limits.ts';
import type { ResponseHead } from './response-head.ts';

/** `Content-Range: bytes 0-499/1234`; null where the field says `*`. */
export interface ContentRange {
  /** First and last byte, both included. Null in a 416 (unsatisfied). */
  readonly span: { readonly first: number; readonly last: number } | null;
  /** Length of the whole source in bytes. */
  readonly total: number | null;
}

const CONTENT_RANGE = /^bytes[\t ]+(?:([0-9]+)-([0-9]+)|\*)\/([0-9]+|\*)$/i;
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const STRONG_ETAG = /^"[\x21\x23-\x7e\x80-\xff]*"$/;

/** RFC 9110, section 14.4. Null when the value makes no sense or its numbers pass 2^53 - 1. */
export function parseContentRange(value: string): ContentRange | null {
  const match = CONTENT_RANGE.exec(value);
  if (!match) return null;
  const total = match[3] === '*' ? null : parseLength(match[3] ?? '');
  if (total === undefined) return null;
  if (match[1] === undefined || match[2] === undefined) return total === null ? null : { span: null, total };
  const first = parseLength(match[1]);
  const last = parseLength(match[2]);
  if (first === undefined || last === undefined || last < first) return null;
  if (total !== null && last >= total) return null;
  return { span: { first, last }, total };
}

/** A decimal number of bytes up to 2^53 - 1; undefined for anything else. */
export function parseLength(value: string): number | undefined {
  if (!/^[0-9]{1,16}$/.test(value)) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** An HTTP date in the one form servers may send, in milliseconds of the epoch. */
export function parseHttpDate(value: string | undefined): number | undefined {
  if (value === undefined || !HTTP_DATE.test(value)) return undefined;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : time;
}

export function isStrongEtag(value: string): boolean {
  return STRONG_ETAG.test(value);
}

/**
 * How long `Retry-After` asks to wait, at most an hour. A date counts from the server's own `Date`, so that a wrong
 * clock on either side does no harm; without one it is ignored.
 */
export function retryAfterMs(head: ResponseHead): number | undefined {
  const value = head.fields.get('retry-after');
  if (value === undefined) return undefined;
  if (/^[0-9]+$/.test(value)) return Math.min(Number(value) * 1000, HOUR_MS);
  const until = parseHttpDate(value);
  const serverNow = parseHttpDate(head.fields.get('date'));
  if (until === undefined || serverNow === undefined) return undefined;
  return Math.min(Math.max(until - serverNow, 0), HOUR_MS);
}
