import { z } from 'zod';

/** Something the user should know that no screen shows otherwise. */
export const noticeSchema = z.object({
  level: z.enum(['info', 'warning', 'error']),
  /** What it is called; windows that have words for it say it in their language. */
  kind: z.string(),
  /** What goes into these words, in their order. */
  facts: z.array(z.string()),
  /** The id or file it is about. */
  subject: z.string().nullable(),
  /** In English, for windows without words for it. */
  text: z.string(),
});

export type Notice = z.infer<typeof noticeSchema>;
