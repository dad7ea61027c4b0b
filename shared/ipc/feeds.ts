import { z } from 'zod';
import { feedKeySchema } from '../feed.ts';
import { failureSchema } from './channel.ts';
import { idSchema } from './machines.ts';

export const feedKindSchema = z.enum(['signed', 'simplestreams']);

/** `stale`: the last try to refresh it failed. `expired`: too old to be relied on; what it lists stays usable. */
export const feedStateSchema = z.enum(['current', 'stale', 'expired']);

/** What a feed says of itself. Moments in milliseconds since 1970. */
const feedFacts = {
  kind: feedKindSchema,
  name: z.string(),
  feedId: z.string(),
  /** Without a password that the address may carry. */
  location: z.string(),
  /** Null for lists that are not signed. */
  key: z.string().nullable(),
  /** What people compare of the key. */
  fingerprint: z.string().nullable(),
  serial: z.number(),
  issuedMs: z.number(),
  /** Null where the list does not say. */
  expiresMs: z.number().nullable(),
  appliances: z.number().int(),
  /** Entries that this version of Headwater cannot read or use. */
  unreadable: z.number().int(),
};

/** A feed the user has subscribed to. */
export const feedViewSchema = z.object({
  id: idSchema,
  ...feedFacts,
  state: feedStateSchema,
  refreshing: z.boolean(),
  /** Not refreshed by itself at present, because the line is metered. */
  held: z.boolean(),
  checkedMs: z.number(),
  failure: failureSchema.nullable(),
});

/** A feed as it was found at an address, before anybody trusts it. */
export const feedOfferSchema = z.object({ ...feedFacts, known: z.boolean() });

/** An address, or the path of a file. */
export const feedLocationSchema = z.string().trim().min(1).max(2000);

export const newFeedSchema = z.object({
  location: feedLocationSchema,
  /** The key that was shown, and is to be trusted from now on; null for a list that is not signed. */
  key: feedKeySchema.nullable(),
});

export type FeedState = z.infer<typeof feedStateSchema>;
export type FeedView = z.infer<typeof feedViewSchema>;
export type FeedOffer = z.infer<typeof feedOfferSchema>;
export type NewFeed = z.infer<typeof newFeedSchema>;
