import { feedSchema, type FeedDocument } from '../../../shared/feed.ts';

export interface LintRemark {
  readonly level: 'error' | 'warning';
  readonly text: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const SOON_DAYS = 7;
const LONG_DAYS = 400;

/** What its readers would refuse of a feed, and what its publisher may not have meant. */
export function lintFeed(document: unknown, nowMs: number): LintRemark[] {
  const parsed = feedSchema.safeParse(document);
  if (!parsed.success) {
    return parsed.error.issues.map(({ path, message }) => ({
      level: 'error',
      text: `${path.map(String).join('.') || 'the document'}: ${message}`,
    }));
  }
  return [...unknownFields(document, parsed.data, []), ...timeRemarks(parsed.data, nowMs)];
}

function timeRemarks({ issued, expires }: FeedDocument, nowMs: number): LintRemark[] {
  const leftDays = (Date.parse(expires) - nowMs) / DAY_MS;
  const lastsDays = (Date.parse(expires) - Date.parse(issued)) / DAY_MS;
  const remark = (level: LintRemark['level'], text: string) => [{ level, text }];
  if (leftDays < 0) return remark('error', `expires: it expired on ${expires.slice(0, 10)}; sign it again`);
  if (leftDays < SOON_DAYS) return remark('warning', `expires: in less than ${SOON_DAYS} days`);
  if (lastsDays > LONG_DAYS) {
    return remark(
      'warning',
      `expires: after more than ${LONG_DAYS} days; who holds newer issues back has that long`,
    );
  }
  return [];
}

/** Fields that no reader looks at: mostly misspelt ones. */
function unknownFields(given: unknown, read: unknown, path: readonly string[]): LintRemark[] {
  if (typeof given !== 'object' || given === null || typeof read !== 'object' || read === null) return [];
  return Object.entries(given).flatMap(([key, value]) => {
    const here = [...path, key];
    return Object.hasOwn(read, key)
      ? unknownFields(value, (read as Record<string, unknown>)[key], here)
      : [{ level: 'warning' as const, text: `${here.join('.')}: is not known, and is ignored` }];
  });
}
