import { ok, type Result } from '../../../shared/result.ts';
import { CallingThread } from '../../threads/calling-thread.ts';
import { workerScript } from '../../threads/worker-script.ts';
import type { FeedReader, FeedWish, JudgedFeed, KeptFeed } from '../feed-reader.ts';
import type { ListedAppliance, Listing } from '../listing.ts';
import type { FeedCalls, Outline } from './feed-calls.ts';

type Thread = CallingThread<FeedCalls>;

/** Reads every feed in a thread of its own, which ends with it: windows and consoles notice nothing. */
export const threadFeedReader: FeedReader = {
  judge: (wish: FeedWish, signal: AbortSignal) =>
    inThread(async (thread): Promise<Result<JudgedFeed>> => {
      const judged = await thread.call('judge', wish, { signal });
      if (!judged.ok) return judged;
      if (judged.value.kind === 'unchanged') return ok(judged.value);
      const { outline, ...rest } = judged.value;
      const listing = await complete(thread, outline);
      return listing.ok ? ok({ ...rest, listing: listing.value }) : listing;
    }),

  read: (kept: KeptFeed) =>
    inThread(async (thread) => {
      const outline = await thread.call('read', kept);
      return outline.ok ? complete(thread, outline.value) : outline;
    }),
};

async function inThread<T>(work: (thread: Thread) => Promise<T>): Promise<T> {
  const thread: Thread = new CallingThread({
    script: workerScript('main/feeds/thread/feed-worker'),
    what: 'The thread that reads the feed',
  });
  try {
    return await work(thread);
  } finally {
    await thread.end();
  }
}

/** Each part is asked for when the one before is there, so that others have their turn in between. */
async function complete(thread: Thread, { count, ...rest }: Outline): Promise<Result<Listing>> {
  const appliances: ListedAppliance[] = [];
  while (appliances.length < count) {
    const part = await thread.call('appliances', { from: appliances.length });
    if (!part.ok) return part;
    appliances.push(...part.value);
  }
  return ok({ ...rest, appliances });
}
