import { z } from 'zod';
import { failureSchema } from './channel.ts';

/** What windows have words for. */
export const NOTICE_KINDS = [
  'disk-standalone',
  'copy-complete',
  'disk-exported',
  'storage-moved',
  'stream-failed',
  'store-failed',
  'start-failed',
  'machine-failed',
  'disk-missing',
  'disk-moved',
  'disk-without-machine',
  'foreign-image',
  'machine-without-disk',
  'saved-state-missing',
  'saved-state-refused',
  'instant-start-refused',
  'imported',
  'import-failed',
  'feed-new-key',
  'feed-untrusted',
] as const;

/** What goes into the words for a notice. */
const notedFacts = {
  /** In their order. */
  facts: z.array(z.string()),
  /** What went wrong, where something did: the last of what goes into the words. */
  failure: failureSchema.nullable(),
};

/** What the catalog keeps of a notice beside its text. */
export const noticeFactsSchema = z.object(notedFacts);

/** Something the user should know that no screen shows otherwise. */
export const noticeSchema = z.object({
  level: z.enum(['info', 'warning', 'error']),
  kind: z.enum(NOTICE_KINDS),
  ...notedFacts,
  /** The id or file it is about. */
  subject: z.string().nullable(),
  /** In English, for the record. */
  text: z.string(),
});

/** So many are kept for being read again. */
export const MOST_PAST_NOTICES = 200;

/** A notice of earlier; the moment in milliseconds since 1970. */
export const pastNoticeSchema = noticeSchema.extend({ atMs: z.number() });

export type PastNotice = z.infer<typeof pastNoticeSchema>;
export type NoticeKind = (typeof NOTICE_KINDS)[number];
export type Notice = z.infer<typeof noticeSchema>;
