/**
 * Everything that crosses between a window and the main process, in one table: adding a channel means adding a line
 * here, a method of the service of its group and its use in a window; a request that names a path has a guard in
 * `main/app/compose.ts`. The main process checks every payload, whichever way it goes, against its schema.
 */
import { z } from 'zod';
import { hardwareSchema } from '../hardware.ts';
import { memoryMiBSchema } from '../memory.ts';
import { activityViewSchema } from './activities.ts';
import { preferencesChangeSchema, preferencesSchema } from '../preferences.ts';
import {
  catalogPageSchema,
  catalogPlaceSchema,
  masterPlaceSchema,
  masterViewSchema,
  newMachineSchema,
  newMasterSchema,
  renewedMasterSchema,
} from './catalog.ts';
import { request, type RequestChannel } from './channel.ts';
import { feedLocationSchema, feedOfferSchema, feedViewSchema, newFeedSchema } from './feeds.ts';
import {
  clusterMapCellSchema,
  diskViewSchema,
  idSchema,
  machineCommandSchema,
  machineNameSchema,
  machineViewSchema,
  onErrorSchema,
  pathSchema,
  prioritySchema,
  rateSchema,
  streamCommandSchema,
} from './machines.ts';
import { MOST_PAST_NOTICES, noticeSchema, pastNoticeSchema } from './notices.ts';

const nothing = z.null();

export const checkReportSchema = z.object({
  corruptions: z.number(),
  corruptionsFixed: z.number(),
  leaks: z.number(),
  leaksFixed: z.number(),
  /** By how much the file became shorter. */
  freedBytes: z.number(),
  summary: z.string(),
});

export const appInfoSchema = z.object({
  version: z.string(),
  electron: z.string(),
  platform: z.string(),
  /** The carried runtime instead of Electron's own binary: for development only. */
  carriedRuntime: z.boolean(),
  /** Whether `qemu-img` is there for other image formats. */
  qemuImg: z.boolean(),
});

const navigationSchema = z.discriminatedUnion('screen', [
  z.object({ screen: z.enum(['catalog', 'machines', 'overlays', 'preferences']) }),
  z.object({ screen: z.literal('machine'), id: idSchema }),
]);

export const REQUESTS = {
  'app.info': request(nothing, appInfoSchema),

  /** All appliances, page by page. */
  'catalog.list': request(catalogPlaceSchema, catalogPageSchema),
  /** Enters an appliance of a feed into the catalog. */
  'catalog.install': request(z.object({ id: idSchema }), nothing),

  'feeds.list': request(nothing, z.array(feedViewSchema)),
  /** Fetches a feed and shows what it says of itself; nothing is stored. */
  'feeds.look': request(z.object({ location: feedLocationSchema }), feedOfferSchema),
  'feeds.add': request(newFeedSchema, feedViewSchema),
  'feeds.refresh': request(z.object({ id: idSchema }), nothing),
  'feeds.remove': request(z.object({ id: idSchema }), nothing),

  'masters.list': request(nothing, z.array(masterViewSchema)),
  'masters.add': request(newMasterSchema, masterViewSchema),
  /** The same master lies at another place; disks over it are read from there. */
  'masters.relocate': request(z.object({ id: idSchema, to: masterPlaceSchema }), nothing),
  /** Adds what lies now where a master did, which is another one. */
  'masters.addAgain': request(renewedMasterSchema, masterViewSchema),
  'masters.remove': request(z.object({ id: idSchema }), nothing),

  'machines.list': request(nothing, z.array(machineViewSchema)),
  'machines.create': request(newMachineSchema, machineViewSchema),
  'machines.command': request(z.object({ id: idSchema, command: machineCommandSchema }), nothing),
  'machines.rename': request(z.object({ id: idSchema, name: machineNameSchema }), nothing),
  'machines.setMemory': request(z.object({ id: idSchema, memoryMiB: memoryMiBSchema }), nothing),
  /** While it is off. */
  'machines.setHardware': request(z.object({ id: idSchema, hardware: hardwareSchema }), nothing),
  'machines.duplicate': request(z.object({ id: idSchema }), machineViewSchema),
  /** Answers with the bytes that deleting freed. */
  'machines.remove': request(z.object({ id: idSchema }), z.object({ freedBytes: z.number() })),
  /** Opens, or brings to the front, the machine's console window. */
  'machines.openConsole': request(z.object({ id: idSchema }), nothing),
  /** Connects a machine's console window to its console: a port arrives by the side (`renderer/ipc/console-port.ts`). */
  'console.attach': request(z.object({ id: idSchema, part: z.enum(['screen', 'serial']) }), nothing),
  /**
   * Types a piece of text on the machine's keyboard, for a US layout; answers when the guest has taken it, with how many
   * characters the keyboard does not have.
   */
  'console.type': request(
    z.object({ id: idSchema, text: z.string().max(256) }),
    z.object({ left: z.number().int().nonnegative() }),
  ),
  /** Writes what the screen shows to a file chosen before, as PNG. */
  'console.screenshot': request(z.object({ id: idSchema, path: pathSchema }), nothing),

  'disks.list': request(nothing, z.array(diskViewSchema)),
  /** As far as it makes sense for each: what streams or would like to is paused, what was paused or is held back goes on. */
  'disks.streamAll': request(z.object({ command: z.enum(['pause', 'resume', 'resume-anyway']) }), nothing),
  'disks.stream': request(z.object({ id: idSchema, command: streamCommandSchema }), nothing),
  /** Null: the default of the preferences. */
  'disks.setLimit': request(z.object({ id: idSchema, limit: rateSchema.nullable() }), nothing),
  'disks.setPriority': request(z.object({ id: idSchema, priority: prioritySchema }), nothing),
  'disks.setOnError': request(z.object({ id: idSchema, onError: onErrorSchema }), nothing),
  /** `leaks` gives back space at the end of the file that nothing uses, `all` mends wrong tables as well. */
  'disks.check': request(
    z.object({ id: idSchema, repair: z.enum(['none', 'leaks', 'all']) }),
    checkReportSchema,
  ),
  'disks.map': request(
    z.object({ id: idSchema, cells: z.number().int().min(16).max(4096) }),
    z.array(clusterMapCellSchema),
  ),
  'disks.export': request(
    z.object({ id: idSchema, path: pathSchema, format: z.enum(['raw', 'qed', 'qcow2']) }),
    nothing,
  ),
  'disks.showInFolder': request(z.object({ id: idSchema }), nothing),

  'activities.list': request(nothing, z.array(activityViewSchema)),
  'activities.cancel': request(z.object({ id: idSchema }), nothing),

  /** What the user was told before, the newest first. */
  'notices.list': request(nothing, z.array(pastNoticeSchema).max(MOST_PAST_NOTICES)),

  'preferences.get': request(nothing, preferencesSchema),
  'preferences.set': request(preferencesChangeSchema, preferencesSchema),

  /** Asks the user for a file or folder; null when the dialog was dismissed. */
  'dialog.chooseFile': request(nothing, z.string().nullable()),
  'dialog.chooseFolder': request(nothing, z.string().nullable()),
  'dialog.chooseSavePath': request(z.object({ suggestedName: z.string().max(200) }), z.string().nullable()),
} as const satisfies Record<string, RequestChannel>;

/** News, at most four times a second per disk and machine. Each names the whole new state of what changed. */
export const PUSHES = {
  'machine.changed': machineViewSchema,
  'machine.removed': z.object({ id: idSchema }),
  'disk.changed': diskViewSchema,
  'disk.removed': z.object({ id: idSchema }),
  'activity.changed': activityViewSchema,
  'activity.removed': z.object({ id: idSchema }),
  /** Something in the list is different; who shows it asks for it. */
  'catalog.changed': nothing,
  /** Other machines than before need them, or have other names. */
  'masters.changed': nothing,
  'feeds.changed': z.array(feedViewSchema),
  'preferences.changed': preferencesSchema,
  /** The user chose a place outside the main window: in its menu, or by a notification. */
  'app.navigate': navigationSchema,
  /** The user chose something to do in the menu of the main window. */
  'app.perform': z.object({
    action: z.enum(['add-appliance', 'commands', 'search', 'shortcuts']),
  }),
  notice: noticeSchema,
} as const satisfies Record<string, z.ZodType>;

export type RequestName = keyof typeof REQUESTS;
/** As a window may write it: what has a default may be left out. */
export type RequestInput<Name extends RequestName> = z.input<(typeof REQUESTS)[Name]['input']>;
/** As a handler gets it, checked and complete. */
export type CheckedInput<Name extends RequestName> = z.output<(typeof REQUESTS)[Name]['input']>;
export type RequestAnswer<Name extends RequestName> = z.output<(typeof REQUESTS)[Name]['answer']>;
export type PushName = keyof typeof PUSHES;
export type PushPayload<Name extends PushName> = z.output<(typeof PUSHES)[Name]>;
