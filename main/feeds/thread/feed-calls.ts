import type { FeedWish, JudgedFeed, KeptFeed } from '../feed-reader.ts';
import type { ListedAppliance, Listing } from '../listing.ts';

/** A listing without its appliances, which follow in parts: who got thousands at once would be held up by them. */
export type Outline = Omit<Listing, 'appliances'> & { readonly count: number };

type Whole = Extract<JudgedFeed, { kind: 'whole' }>;

export type OutlineJudged =
  Extract<JudgedFeed, { kind: 'unchanged' }> | (Omit<Whole, 'listing'> & { readonly outline: Outline });

/** What the thread that reads feeds can be asked. */
export interface FeedCalls {
  judge: { argument: FeedWish; answer: OutlineJudged };
  read: { argument: KeptFeed; answer: Outline };
  /** Some of the appliances of what was read last. */
  appliances: { argument: { readonly from: number }; answer: readonly ListedAppliance[] };
}

/** How many appliances cross at a time. */
export const PART = 250;
