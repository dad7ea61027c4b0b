import { err, ok, type Result } from '../../../../shared/result.ts';
import type { Issue } from '../../../feeds/publish/feed-folder.ts';
import type { Given } from '../../arguments/simple-command.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const DEFAULT_DAYS = 30;

/** When a feed is issued and how long it is good, from `--expires` and `--serial`; `SOURCE_DATE_EPOCH` replaces the clock. */
export function issueOf(given: Given, nextSerial: number): Result<Issue> {
  const epoch = process.env['SOURCE_DATE_EPOCH'];
  const nowMs = epoch === undefined ? Date.now() : Number(epoch) * 1000;
  const serial = given.value('serial') === undefined ? nextSerial : Number(given.value('serial'));
  if (!Number.isSafeInteger(serial) || serial < 1) {
    return err('invalid-argument', '--serial takes a whole number from 1 on');
  }
  const days = /^([1-9][0-9]{0,3})d?$/.exec(given.value('expires') ?? `${DEFAULT_DAYS}d`)?.[1];
  if (days === undefined) return err('invalid-argument', '--expires takes a number of days: 30d');
  return ok({ serial, issued: moment(nowMs), expires: moment(nowMs + Number(days) * DAY_MS) });
}

function moment(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
