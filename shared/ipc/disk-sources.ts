import { z } from 'zod';
import { failureSchema } from './channel.ts';

/** How a source of a published master does. */
export const sourceStateSchema = z.enum([
  /** Nobody has asked it for anything. */
  'untried',
  'answers',
  /** Another one that was asked later answered earlier. */
  'slow',
  /** What it sent last was not the master's. */
  'wrong-bytes',
  'unreachable',
  /** It answers, and does not hand the master out. */
  'refuses',
]);

/** One of the places that a disk's master is read from. Estimates are null where nothing was measured. */
export const diskSourceSchema = z.object({
  /** An address without credentials, or the path of a folder; with a slash at the end. */
  location: z.string(),
  state: sourceStateSchema,
  /** How long it has failed, in whole seconds; null while it does well. */
  failingForSeconds: z.number().int().nonnegative().nullable(),
  failure: failureSchema.nullable(),
  /** Answers of which something was wrong, and not taken, since the disk was opened. */
  wrongAnswers: z.number().int().nonnegative(),
  firstByteMs: z.number().nonnegative().nullable(),
  /** Bytes per second of single requests, of which several are under way. */
  bytesPerSecond: z.number().nonnegative().nullable(),
  /** Right bytes that came from it since the disk was opened. */
  broughtBytes: z.number().int().nonnegative(),
  /** It is being asked, or was within the last second. */
  asked: z.boolean(),
});

export type SourceState = z.infer<typeof sourceStateSchema>;
export type DiskSource = z.infer<typeof diskSourceSchema>;
