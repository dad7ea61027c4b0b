import { z } from 'zod';
import { backEndSchema } from '../appliance.ts';
import { hardwareSchema } from '../hardware.ts';
import { memoryMiBSchema } from '../memory.ts';
import { ON_ERROR_POLICIES } from '../on-error.ts';
import { failureSchema } from './channel.ts';
import { diskSourceSchema } from './disk-sources.ts';

/** Ids are made by the catalog; names are for people. */
export const idSchema = z.string().regex(/^[a-z0-9-]{1,64}$/);
/** A path on the computer; no system takes longer ones. */
export const pathSchema = z.string().min(1).max(4096);
export const bytesSchema = z.number().int().nonnegative();
/** Bytes per second; 0 for no limit. */
export const rateSchema = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
export const machineNameSchema = z.string().trim().min(1).max(80);

/**
 * `standalone` disks stream until they are complete; `linked` ones stay thin over a shared local master, or over the
 * local copy of one that is far away.
 */
export const diskKindSchema = z.enum(['standalone', 'linked']);

export const onErrorSchema = z.enum(ON_ERROR_POLICIES);

/** How a stream fares beside others: what it gets of a common limit, and whose turn comes first. */
export const prioritySchema = z.enum(['high', 'normal', 'low']);

/** What a window says of an overlay's streaming. */
export const streamStateSchema = z.enum([
  'not-started',
  'streaming',
  'paused',
  'waiting-for-source',
  'source-changed',
  'failed',
  'complete',
]);

/** A disk as windows show it. Sizes in bytes of guest range unless said otherwise. */
export const diskViewSchema = z.object({
  id: idSchema,
  machineId: idSchema.nullable(),
  masterId: idSchema.nullable(),
  masterName: z.string().nullable(),
  /** The master at the bottom, from which all comes that is missing; null once nothing is. */
  sourceId: idSchema.nullable(),
  /** Set for the local copy of a master: its name, and the machines whose disks lie on it. */
  copy: z.object({ name: z.string(), users: z.array(z.string()) }).nullable(),
  kind: diskKindSchema,
  /** Path of the image file. */
  path: z.string(),
  lengthBytes: bytesSchema,
  /** Bytes that need no source any more; null while nobody has counted. */
  localBytes: bytesSchema.nullable(),
  /** Space the file takes on the computer. */
  fileBytes: bytesSchema,
  state: streamStateSchema,
  /** Bytes per second over the last ten seconds. */
  rate: z.number().nonnegative(),
  etaMs: z.number().nullable(),
  /**
   * What holds a stream up that the user wants: a metered line, disks whose turn comes first, the copy it lies on, which
   * has to be complete before, or work that needs the image for itself (a check, an export, a move).
   */
  heldBy: z.enum(['metered', 'turn', 'copy', 'work']).nullable(),
  /** What a start reads, and how much of it is still missing (null: not counted). Null while no start was recorded. */
  boot: z.object({ bytes: bytesSchema, missingBytes: bytesSchema.nullable() }).nullable(),
  /**
   * What a start reads comes in one compressed piece ahead of all else: how many bytes of it are here, and whether its
   * source answers. Null when none is on its way.
   */
  bootPack: z.object({ hereBytes: bytesSchema, totalBytes: bytesSchema, waiting: z.boolean() }).nullable(),
  /**
   * Where a published master is read from, the publisher's favourite first. Empty while the disk is not open, needs
   * nothing, or lies on something else.
   */
  sources: z.array(diskSourceSchema),
  /** The limit that counts, its own or the default of the preferences. */
  limit: rateSchema,
  /** Null: the default of the preferences counts. */
  ownLimit: rateSchema.nullable(),
  priority: prioritySchema,
  onError: onErrorSchema,
  failure: failureSchema.nullable(),
  /** Guest reads that wait for the source. */
  waitingReads: z.number().int().nonnegative(),
});

export const machineStateSchema = z.enum([
  'off',
  'starting',
  'running',
  'paused',
  'waiting-for-data',
  'stopping',
  /** Its state is being saved; it is switched off when that is done. */
  'suspending',
  /** Off, with a saved state to go on from. */
  'suspended',
  'failed',
]);

/** A disk request of the guest that takes long, or failed. */
export const diskWaitSchema = z.object({
  operation: z.enum(['read', 'write', 'flush']),
  /** When it was made, in milliseconds since 1970. */
  sinceMs: z.number(),
  failure: failureSchema.nullable(),
  /** Failed reads are tried again without end; a failed write or flush waits for `resume`. */
  retries: z.enum(['by-itself', 'on-resume']),
});

export const machineViewSchema = z.object({
  id: idSchema,
  name: machineNameSchema,
  applianceId: idSchema.nullable(),
  memoryMiB: memoryMiBSchema,
  hardware: hardwareSchema,
  /** What it runs on, or would if it were started now; null where nothing here can run it. */
  runsOn: z
    .object({
      backEnd: backEndSchema,
      /** Null until it was found out. */
      qemu: z.object({ version: z.string(), accelerator: z.enum(['kvm', 'hvf', 'whpx', 'tcg']) }).nullable(),
    })
    .nullable(),
  /** Whether `suspend` can do anything. */
  canSuspend: z.boolean(),
  state: machineStateSchema,
  failure: failureSchema.nullable(),
  /** What its guest waits for; null while its disk answers in time. */
  wait: diskWaitSchema.nullable(),
  /** What it goes on from when it is started; null where there is nothing. Takes `fileBytes` on the computer. */
  savedState: z.object({ savedAtMs: z.number(), fileBytes: bytesSchema }).nullable(),
  /**
   * What its first start goes on from instead of booting: the state that was published with its master, of which
   * `missingBytes` have to be fetched first. Null where it boots.
   */
  instantStart: z
    .object({ totalBytes: bytesSchema, missingBytes: bytesSchema, fetching: z.boolean() })
    .nullable(),
  /** How much of its state is saved, from 0 to 1; null unless it is being suspended. */
  savedFraction: z.number().min(0).max(1).nullable(),
  loginHint: z.string().nullable(),
  /** Nobody can log in before cloud-init has said who, which it does in QEMU. */
  cloudInit: z.boolean(),
  createdAtMs: z.number(),
  /** Null for a machine that was never started. */
  startedAtMs: z.number().nullable(),
  disks: z.array(diskViewSchema),
});

/**
 * `suspend` saves the machine's state and switches it off; `start` and `resume` go on from a saved state where there is
 * one; `discard-state` deletes it, so that the machine starts from its disk. `boot` starts from the disk where `start`
 * would go on from the state that was published with the master, also while that is being fetched.
 */
export const machineCommandSchema = z.enum([
  'start',
  'boot',
  'pause',
  'resume',
  'suspend',
  'discard-state',
  'reset',
  'power-button',
  'stop',
  'kill',
]);

/**
 * `resume-anyway` streams over a metered line, until the app ends. `complete-now` makes any disk a standalone one as soon
 * as can be: ahead of the others, without a limit of its own, over a metered line too.
 */
export const streamCommandSchema = z.enum([
  'start',
  'pause',
  'resume',
  'cancel',
  'retry-now',
  'resume-anyway',
  'complete-now',
]);

/** One stretch of a disk's map, drawn as one cell: what part of it is in which state, each from 0 to 1. */
export const clusterMapCellSchema = z.object({
  data: z.number().min(0).max(1),
  zero: z.number().min(0).max(1),
  missing: z.number().min(0).max(1),
  /** The part of what is missing that is being fetched. */
  fetching: z.number().min(0).max(1),
  /** The part of the data that came because a guest waited for it, since the disk was opened. */
  demanded: z.number().min(0).max(1),
});

export type DiskView = z.infer<typeof diskViewSchema>;
export type DiskWaitView = z.infer<typeof diskWaitSchema>;
export type MachineView = z.infer<typeof machineViewSchema>;
export type MachineCommand = z.infer<typeof machineCommandSchema>;
export type StreamCommand = z.infer<typeof streamCommandSchema>;
export type Priority = z.infer<typeof prioritySchema>;
export type StreamState = z.infer<typeof streamStateSchema>;
export type ClusterMapCell = z.infer<typeof clusterMapCellSchema>;
