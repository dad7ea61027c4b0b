import { describe, expect, it } from 'vitest';
import { en } from '../../i18n/en.ts';
import { aFeedView } from '../../testing/samples.ts';
import { feedBadge } from './feed-badge.ts';

const labelOf = (different: Parameters<typeof aFeedView>[0]) =>
  feedBadge(aFeedView(different), en.feeds).label;
const failed = (code: 'untrusted' | 'source-unreachable') => ({
  state: 'stale' as const,
  failure: { code, message: 'x' },
});

describe('the badge of a feed', () => {
  it.each([
    ['is being refreshed, whatever else', { refreshing: true, ...failed('untrusted') }, 'Refreshing'],
    ['sends what must not be believed', failed('untrusted'), 'Refused'],
    ['sends nothing', failed('source-unreachable'), 'Not refreshed'],
    [
      'sends nothing, and has expired',
      { ...failed('source-unreachable'), state: 'expired' as const },
      'Expired',
    ],
    ['waits for a line that is not metered', { held: true }, 'Metered connection'],
    ['is not signed', { key: null, fingerprint: null }, 'Not signed'],
    ['is as it should be', {}, 'Up to date'],
  ])('that %s', (_what, different, label) => {
    expect(labelOf(different)).toBe(label);
  });
});
