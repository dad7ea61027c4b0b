import { err, ok, type Result } from '../../../../shared/result.ts';
import type { Issue } from '../../../feeds/publish/feed-folder.ts';
import type { NamedOption } from '../../arguments/command.ts';
import type { Given } from '../../arguments/given.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const DEFAULT_DAYS = 30;

/** The options of who issues a feed: its key, and how long the issue is good. */
export const ISSUE_OPTIONS = [
  { short: 'k', long: 'key', argument: 'required' },
  { long: 'expires', argument: 'required' },
  { long: 'serial', argument: 'required' },
] as const satisfies readonly NamedOption[];

type IssueOption = (typeof ISSUE_OPTIONS)[number]['long'];

/** What {@link ISSUE_OPTIONS} say. */
export interface IssueArguments {
  readonly keyFile: string;
  readonly days: number;
  /** Undefined for the next one. */
  readonly serial: number | undefined;
}

export function issueArguments(given: Given<IssueOption>): Result<IssueArguments> {
  const keyFile = given.needed('key');
  if (!keyFile.ok) return keyFile;
  const serial = given.value('serial') === undefined ? undefined : Number(given.value('serial'));
  if (serial !== undefined && (!Number.isSafeInteger(serial) || serial < 1)) {
    return err('invalid-argument', '--serial takes a whole number from 1 on');
  }
  const days = /^([1-9][0-9]{0,3})d?$/.exec(given.value('expires') ?? `${DEFAULT_DAYS}d`)?.[1];
  if (days === undefined) return err('invalid-argument', '--expires takes a number of days: 30d');
  return ok({ keyFile: keyFile.value, days: Number(days), serial });
}

/** When a feed is issued and how long it is good; `SOURCE_DATE_EPOCH` replaces the clock. */
export function issueOf({ days, serial }: IssueArguments, nextSerial: number): Issue {
  const epoch = process.env['SOURCE_DATE_EPOCH'];
  const nowMs = epoch === undefined ? Date.now() : Number(epoch) * 1000;
  return { serial: serial ?? nextSerial, issued: moment(nowMs), expires: moment(nowMs + days * DAY_MS) };
}

function moment(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
