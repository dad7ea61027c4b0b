import { z } from 'zod';
import { memoryMiBSchema } from './memory.ts';
import { RATE_UNITS } from './rate-unit.ts';

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

const rateSchema = z.number().int().nonnegative();

/** The values each setting can have. Rates in bytes per second, 0 for no limit. */
const settings = {
  globalLimit: rateSchema,
  diskLimit: rateSchema,
  schedule: z.array(scheduleEntrySchema).max(50),
  /** On a metered line only what guests read is fetched. */
  metered: z.boolean(),
  connections: z.number().int().min(1).max(16),
  /** Disks that stream at a time while their machines are off. */
  parallelStreams: z.number().int().min(1).max(16),
  /** Null: the data folder of the app. */
  storageFolder: z.string().min(1).max(4096).nullable(),
  /** Looked through for QEMU before the folders where programs usually are; null: only there. */
  qemuFolder: z.string().min(1).max(4096).nullable(),
  /** Local copies of masters go with the last machine that lies on them. */
  removeUnusedCopies: z.boolean(),
  defaultMemoryMiB: memoryMiBSchema,
  theme: z.enum(['system', 'light', 'dark', 'contrast']),
  language: z.enum(['system', 'en', 'de']),
  /** In which unit rates are shown and typed. */
  rateUnit: z.enum(RATE_UNITS),
  startAtLogin: z.boolean(),
  /** Programs of the same user may watch and control machines and disks, by QMP (docs/qmp.md). */
  qmpSockets: z.boolean(),
  /** What keeps the app in the tray when its last window is closed; `streams` are machines and streams. */
  stayFor: z.enum(['machines', 'streams', 'always']),
};

/** Everything the user can set, with the values of a fresh installation. */
export const preferencesSchema = z.object({
  globalLimit: settings.globalLimit.default(0),
  diskLimit: settings.diskLimit.default(0),
  schedule: settings.schedule.default([]),
  metered: settings.metered.default(false),
  connections: settings.connections.default(4),
  parallelStreams: settings.parallelStreams.default(4),
  storageFolder: settings.storageFolder.default(null),
  qemuFolder: settings.qemuFolder.default(null),
  removeUnusedCopies: settings.removeUnusedCopies.default(false),
  defaultMemoryMiB: settings.defaultMemoryMiB.default(64),
  theme: settings.theme.default('system'),
  language: settings.language.default('system'),
  rateUnit: settings.rateUnit.default('MB/s'),
  startAtLogin: settings.startAtLogin.default(false),
  qmpSockets: settings.qmpSockets.default(false),
  stayFor: settings.stayFor.default('machines'),
});

/** Some of them. Not `preferencesSchema.partial()`, which would reset whatever is left out to its default. */
export const preferencesChangeSchema = z.object(settings).partial();

export type Preferences = z.infer<typeof preferencesSchema>;
export type PreferencesChange = z.infer<typeof preferencesChangeSchema>;
export type ScheduleEntry = z.infer<typeof scheduleEntrySchema>;
