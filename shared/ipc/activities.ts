import { z } from 'zod';
import { idSchema } from './machines.ts';

/** Work that takes a while: how far it is, and whether it can be ended. */
export const activityViewSchema = z.object({
  id: idSchema,
  kind: z.enum(['export', 'import', 'check', 'move']),
  /** The disk or master it is about; null where it is about all. */
  subject: idSchema.nullable(),
  /** What that is called. */
  name: z.string(),
  /** From 0 to 1; null where nobody can tell. */
  fraction: z.number().min(0).max(1).nullable(),
  cancellable: z.boolean(),
});

export type ActivityView = z.infer<typeof activityViewSchema>;
