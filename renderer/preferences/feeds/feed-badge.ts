import type { FeedView } from '../../../shared/ipc/feeds.ts';
import type { Messages } from '../../i18n/en.ts';
import type { Tone } from '../../ui/tone.ts';

type Words = Messages['feeds'];

export interface FeedBadge {
  readonly tone: Tone;
  readonly label: string;
  /** What follows from it, for who wonders. */
  readonly help?: string | undefined;
  readonly lively?: boolean;
}

/** How a feed stands: what matters most of it, in a word. */
export function feedBadge(
  { state, refreshing, held, failure, key }: FeedView,
  { states, help }: Words,
): FeedBadge {
  if (refreshing) return { tone: 'busy', label: states.refreshing, lively: true };
  if (failure?.code === 'untrusted') return { tone: 'bad', label: states.refused, help: help.refused };
  if (state === 'expired') return { tone: 'bad', label: states.expired, help: help.expired };
  if (state === 'stale') return { tone: 'warn', label: states.stale, help: help.stale };
  if (held) return { tone: 'neutral', label: states.held, help: help.held };
  if (key === null) return { tone: 'warn', label: states.unsigned };
  return { tone: 'good', label: states.current };
}
