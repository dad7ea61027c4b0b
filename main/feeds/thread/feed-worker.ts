/** Entry of the thread that reads one feed. */
import { parentPort } from 'node:worker_threads';
import { systemClock } from '../../../shared/clock.ts';
import { ok } from '../../../shared/result.ts';
import { answerCalls } from '../../threads/answer-calls.ts';
import { LocalFeedReader } from '../feed-reader.ts';
import type { ListedAppliance, Listing } from '../listing.ts';
import { PART, type FeedCalls, type Outline } from './feed-calls.ts';

const reader = new LocalFeedReader(systemClock);
let kept: readonly ListedAppliance[] = [];

function outlineOf({ appliances, ...rest }: Listing): Outline {
  kept = appliances;
  return { ...rest, count: appliances.length };
}

if (parentPort !== null) {
  answerCalls<FeedCalls>(parentPort, () => ({
    async judge(wish, { signal }) {
      const judged = await reader.judge(wish, signal);
      if (!judged.ok || judged.value.kind === 'unchanged')
        return judged.ok ? ok({ kind: 'unchanged' }) : judged;
      const { listing, ...rest } = judged.value;
      return ok({ ...rest, outline: outlineOf(listing) });
    },
    async read(wanted) {
      const listing = await reader.read(wanted);
      return listing.ok ? ok(outlineOf(listing.value)) : listing;
    },
    appliances: ({ from }) => ok(kept.slice(from, from + PART)),
  }));
}
