import { z } from 'zod';
import { applianceDescriptionSchema, webAddressSchema } from './appliance.ts';
import { masterDescriptionSchema } from './master.ts';
import { plainText } from './plain-text.ts';
import { KIB, MIB } from './units.ts';

/** How much of a feed is read at all. */
export const FEED_LIMITS = {
  /** Of `feed.json`; an appliance takes about a kilobyte of it. */
  documentBytes: 4 * MIB,
  signatureBytes: 4 * KIB,
  appliances: 4000,
  rotations: 16,
  sources: 16,
} as const;

/** Names of a feed's two files; the second is what `minisign` calls it by itself. */
export const FEED_FILES = { document: 'feed.json', signature: 'feed.json.minisig' } as const;

/** An Ed25519 public key as `minisign` writes it: algorithm, key number and key in base64. */
export const feedKeySchema = z
  .string()
  .regex(/^RW[A-Za-z0-9+/]{54}$/, 'a minisign public key, 56 characters');

const serialSchema = z.number().int().min(1);

/** A moment in UTC, as in `2026-11-25T12:00:00Z`. */
const momentSchema = z.iso.datetime();

export const feedIdSchema = z
  .string()
  .max(100)
  .regex(/^[a-z0-9]+([.-][a-z0-9]+)*$/, 'lower-case words with dots or hyphens between them');

/** What the holder of one key says of the next. The words that are signed are made of these fields. */
export const keyRotationSchema = z.object({
  from: feedKeySchema,
  to: feedKeySchema,
  /** The first serial that the new key signs. */
  serial: serialSchema,
  /** The content of the statement's `.minisig`, made with the old key. */
  signature: z.string().max(FEED_LIMITS.signatureBytes),
});

/** The folder of a master: an address, or a path from the feed's own folder. */
const sourceSchema = z
  .string()
  .min(1)
  .max(2000)
  .regex(/^[^\p{Cc}\\]+$/u, 'an address or a relative path')
  .refine((source) => /^https?:\/\//.test(source) || !/^([a-z][a-z0-9+.-]*:|\/)/i.test(source), {
    message: 'an http:// or https:// address, or a path relative to the feed',
  });

/** An appliance as a feed lists it. `id` is the feed's own: other feeds may use the same. */
export const feedApplianceSchema = applianceDescriptionSchema
  .extend({
    id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/),
    master: masterDescriptionSchema,
    sources: z.array(sourceSchema).min(1).max(FEED_LIMITS.sources),
  })
  .refine(({ diskSizeBytes, master }) => diskSizeBytes === master.lengthBytes, {
    path: ['diskSizeBytes'],
    message: 'must be the master’s lengthBytes',
  });

const fields = z.object({
  formatVersion: z.literal(1),
  feedId: feedIdSchema,
  name: plainText(100).min(1),
  homepage: webAddressSchema.optional(),
  /** Grows with every issue; lower ones are not taken over any more. */
  serial: serialSchema,
  issued: momentSchema,
  /** After this moment what is listed may be out of date, and the feed is not taken over any more. */
  expires: momentSchema,
  /** What the feed is signed with. */
  key: feedKeySchema,
  /** How the key came to be another one, the oldest change first. */
  rotations: z.array(keyRotationSchema).max(FEED_LIMITS.rotations).optional(),
});

function lastsSomeTime({ issued, expires }: z.infer<typeof fields>, context: z.core.$RefinementCtx): void {
  if (Date.parse(issued) < Date.parse(expires)) return;
  context.addIssue({ code: 'custom', path: ['expires'], message: 'must be later than issued' });
}

/** Adds an issue for every id that is there a second time. */
function noIdTwice(appliances: readonly { readonly id: string }[], context: z.core.$RefinementCtx): void {
  const seen = new Set<string>();
  appliances.forEach(({ id }, index) => {
    if (seen.has(id)) {
      context.addIssue({ code: 'custom', path: [index, 'id'], message: `'${id}' is there twice` });
    }
    seen.add(id);
  });
}

/**
 * A list of appliances somebody publishes: `feed.json`. `docs/feeds.md` tells what is done with it.
 *
 * Unknown fields are ignored, so that publishers can add to them; what changes the meaning of known ones raises
 * `formatVersion`.
 */
export const feedSchema = fields
  .extend({ appliances: z.array(feedApplianceSchema).max(FEED_LIMITS.appliances).superRefine(noIdTwice) })
  .superRefine(lastsSomeTime);

/** The same with appliances that nobody has looked at yet: one that is written for a newer Headwater costs no other. */
export const feedEnvelopeSchema = fields
  .extend({ appliances: z.array(z.unknown()).max(FEED_LIMITS.appliances) })
  .superRefine(lastsSomeTime);

export type FeedDocument = z.infer<typeof feedSchema>;
export type FeedAppliance = z.infer<typeof feedApplianceSchema>;
export type KeyRotation = z.infer<typeof keyRotationSchema>;

/** Whether somebody's idea of a key is this one: the key itself, or its fingerprint, spaced and written as they like. */
export function isSameKey(expected: string, key: string, fingerprint: string): boolean {
  const digits = (text: string) => text.toLowerCase().replaceAll(/[\s:-]/g, '');
  return expected.trim() === key || digits(expected) === digits(fingerprint);
}
