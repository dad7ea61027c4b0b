import { FIRST } from './0001-first.ts';
import { PUBLISHED_MASTERS } from './0002-published-masters.ts';
import { FEEDS } from './0003-feeds.ts';
import { BOOTS_AND_PRIORITIES } from './0004-boots-and-priorities.ts';
import { MASTER_COPIES } from './0005-master-copies.ts';
import { SAVED_STATES } from './0006-saved-states.ts';
import { INSTANT_STARTS } from './0007-instant-starts.ts';
import { PACKED_FEED_COPIES } from './0008-packed-feed-copies.ts';
import { BACK_ENDS } from './0009-back-ends.ts';
import { TOLD_EVENTS } from './0010-told-events.ts';
import { PROFILE_HASHES } from './0011-profile-hashes.ts';
import { NBD_MASTERS } from './0012-nbd-masters.ts';

/** Step `n` takes a catalog from version `n` to `n + 1`. Released steps are never changed; new ones go to the end. */
export const MIGRATIONS: readonly string[] = [
  FIRST,
  PUBLISHED_MASTERS,
  FEEDS,
  BOOTS_AND_PRIORITIES,
  MASTER_COPIES,
  SAVED_STATES,
  INSTANT_STARTS,
  PACKED_FEED_COPIES,
  BACK_ENDS,
  TOLD_EVENTS,
  PROFILE_HASHES,
  NBD_MASTERS,
];
