import { z } from 'zod';
import { backEndSchema } from '../appliance.ts';
import { backEndChoiceSchema } from '../hardware.ts';
import { memoryMiBSchema } from '../memory.ts';
import { failureSchema } from './channel.ts';
import { feedStateSchema } from './feeds.ts';
import { bytesSchema, diskKindSchema, idSchema, machineNameSchema, pathSchema } from './machines.ts';

/** Where a master lies. */
export const masterSourceSchema = z.enum(['recipe', 'file', 'http', 'nbd']);

/** Whether a master has to come from a server, which may be lost. */
export function isFromServer(source: z.infer<typeof masterSourceSchema>): boolean {
  return source === 'http' || source === 'nbd';
}

/** An appliance as its card shows it. */
export const applianceViewSchema = z.object({
  id: idSchema,
  name: z.string(),
  summary: z.string(),
  publisher: z.string(),
  version: z.string(),
  arch: z.string(),
  licence: z.string(),
  loginHint: z.string().nullable(),
  /** Nobody can log in before cloud-init has said who, which it does in QEMU. */
  cloudInit: z.boolean(),
  memoryMiB: memoryMiBSchema,
  diskBytes: bytesSchema,
  /** What a boot reads, from a profile; null while no boot was recorded. */
  bootBytes: bytesSchema.nullable(),
  /** A machine of that memory starts at the login prompt once so many bytes are here; null where every machine boots. */
  instantStart: z.object({ bytes: bytesSchema, memoryMiB: memoryMiBSchema }).nullable(),
  source: masterSourceSchema,
  /** The feed that lists it; null for what the user added or built. */
  feed: z
    .object({
      id: idSchema,
      name: z.string(),
      /** False for lists whose makers nobody vouches for. */
      signed: z.boolean(),
      state: feedStateSchema,
    })
    .nullable(),
  /** It came from a feed that does not list it any more; machines still need it. */
  withdrawn: z.boolean(),
  homepage: z.string().nullable(),
  /** A picture as a `data:` address. */
  icon: z.string().nullable(),
  tags: z.array(z.string()),
  recommended: z.boolean(),
  /** What installing it downloads first; null for what machines can be made from at once, or not at all. */
  downloadBytes: bytesSchema.nullable(),
  /** What can run it on this computer, the best first. */
  runsOn: z.array(backEndSchema),
  /** False with the reason when it cannot be started at present. */
  available: z.boolean(),
  unavailableBecause: failureSchema.nullable(),
});

/** As much of the catalog as crosses to a window at a time: who reads it all at once is held up by thousands. */
export const CATALOG_PAGE = 250;

/** Where to go on in the catalog. */
export const catalogPlaceSchema = z.object({
  /** The listing that the answer before was of; null to begin. */
  listing: z.number().int().positive().nullable(),
  /** How many appliances of it are known. */
  from: z.number().int().nonnegative(),
});

/** A part of the catalog as it was when its listing began. */
export const catalogPageSchema = z.object({
  /** Another one than asked for where that is not kept any more: then this is its beginning. */
  listing: z.number().int(),
  /** How many appliances there are in all. */
  total: z.number().int().nonnegative(),
  appliances: z.array(applianceViewSchema).max(CATALOG_PAGE),
});

/** A master disk that overlays lie on. */
export const masterViewSchema = z.object({
  id: idSchema,
  name: z.string(),
  /** `snapshot`: of a machine that was duplicated. `copy`: of a master far away; the disk of the same id fills it. */
  role: z.enum(['master', 'snapshot', 'copy']),
  location: z.string(),
  source: masterSourceSchema,
  lengthBytes: bytesSchema,
  /** It was published with hashes: every byte is compared with them, wherever it comes from. */
  verified: z.boolean(),
  /** Machines that still need it. */
  neededBy: z.array(z.string()),
});

export const newMachineSchema = z.object({
  applianceId: idSchema,
  /** Left out: the appliance's name, numbered where taken. */
  name: machineNameSchema.optional(),
  memoryMiB: memoryMiBSchema.optional(),
  kind: diskKindSchema.optional(),
  /** Where its disk lies. Left out: the storage folder of the preferences. */
  folder: pathSchema.optional(),
  start: z.boolean(),
  /** What runs it. Left out: `automatic`. */
  backEnd: backEndChoiceSchema.optional(),
  /** It boots, though it could go on from the state that was published with its master. */
  boot: z.boolean().optional(),
});

/** Addresses that a window may name, by the kind of server. Sockets and folders in them are files, and come from a dialog. */
export const ADDRESSES = {
  http: /^https?:\/\/[^/\s]+/,
  nbd: /^nbds?(\+unix:\/\/\/|:\/\/[^/\s]+)/,
} as const;

const address = (pattern: RegExp, examples: string) => z.string().max(2048).regex(pattern, examples);
const webAddressSchema = address(ADDRESSES.http, 'an http:// or https:// address');
const nbdAddressSchema = address(ADDRESSES.nbd, 'an nbd:// or nbd+unix:/// address, nbds for TLS');

/** Another place of a master that is known. */
export const masterPlaceSchema = z.discriminatedUnion('source', [
  z.object({ source: z.literal('file'), path: pathSchema }),
  z.object({ source: z.literal('http'), url: webAddressSchema }),
  z.object({ source: z.literal('nbd'), url: nbdAddressSchema }),
]);

const masterNameSchema = z.string().trim().min(1).max(80);

/** What lies now where a master did. */
export const renewedMasterSchema = z.object({ id: idSchema, name: masterNameSchema });

export const newMasterSchema = z.discriminatedUnion('source', [
  z.object({
    source: z.literal('file'),
    name: masterNameSchema,
    path: pathSchema,
    format: z.enum(['raw', 'qed', 'qcow2', 'vmdk']),
  }),
  z.object({ source: z.literal('http'), name: masterNameSchema, url: webAddressSchema }),
  z.object({ source: z.literal('nbd'), name: masterNameSchema, url: nbdAddressSchema }),
]);

export type ApplianceView = z.infer<typeof applianceViewSchema>;
export type CatalogPlace = z.infer<typeof catalogPlaceSchema>;
export type CatalogPage = z.infer<typeof catalogPageSchema>;
export type MasterView = z.infer<typeof masterViewSchema>;
export type MasterPlace = z.infer<typeof masterPlaceSchema>;
export type NewMachine = z.infer<typeof newMachineSchema>;
export type NewMaster = z.infer<typeof newMasterSchema>;
