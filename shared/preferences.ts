import { z } from 'zod';

/** Minutes since midnight, local time. */
const minuteOfDaySchema = z
  .number()
  .int()
  .min(0)
  .max(24 * 60);

/** A stretch of the week with a limit of its own. `from` after `to` reaches past midnight. */
export const scheduleEntrySchema = z.object({
  /** 0 is Sunday. */
  days: z.array(z.number().int().min(0).max(6)).min(1).max(7),
  from: minuteOfDaySchema,
  to: minuteOfDaySchema,
  /** Bytes per second; 0 for no limit. */
  limit: z.number().int().nonnegative(),
});

/** Everything the user can set, with the values of a fresh installation. Rates in bytes per second, 0 for no limit. */
export const preferencesSchema = z.object({
  globalLimit: z.number().int().nonnegative().default(0),
  diskLimit: z.number().int().nonnegative().default(0),
  schedule: z.array(scheduleEntrySchema).max(50).default([]),
  /** On a metered line only what guests read is fetched. */
  metered: z.boolean().default(false),
  connections: z.number().int().min(1).max(16).default(4),
  /** Null: the data folder of the app. */
  storageFolder: z.string().min(1).nullable().default(null),
  defaultMemoryMiB: z.number().int().min(16).max(1024).default(64),
  theme: z.enum(['system', 'light', 'dark', 'contrast']).default('system'),
  language: z.enum(['system', 'en', 'de']).default('system'),
  /** In which unit rates are shown and typed. */
  rateUnit: z.enum(['kB/s', 'MB/s', 'Mbit/s']).default('MB/s'),
  startAtLogin: z.boolean().default(false),
});

export type Preferences = z.infer<typeof preferencesSchema>;
export type ScheduleEntry = z.infer<typeof scheduleEntrySchema>;
