import { z } from 'zod';
import { memoryMiBSchema } from './memory.ts';
import { plainText } from './plain-text.ts';

/** What can run a machine: the built-in emulator, or QEMU where it is installed. */
export const backEndSchema = z.enum(['v86', 'qemu']);

/** The processor that a guest is made for. */
export const guestArchSchema = z.enum(['i386', 'x86_64', 'aarch64']);
export type GuestArch = z.infer<typeof guestArchSchema>;

/** A picture as a `data:` address, PNG or WebP: what is shown of a catalog needs no network. */
const iconSchema = z
  .string()
  .max(16 * 1024)
  .regex(/^data:image\/(png|webp);base64,[A-Za-z0-9+/]+={0,2}$/, 'a PNG or WebP as a data: address');

export const webAddressSchema = z
  .string()
  .max(2000)
  .regex(/^https?:\/\/[^\s\p{Cc}]+$/u, 'an http:// or https:// address');

/** What is said of an appliance, by a recipe in `appliance.json` or by a feed. Sizes are in bytes unless the name says otherwise. */
export const applianceDescriptionSchema = z.object({
  formatVersion: z.literal(1),
  /** Names the appliance in commands and folders. */
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/),
  name: plainText(100).min(1),
  summary: plainText(500),
  publisher: plainText(100),
  homepage: webAddressSchema.optional(),
  version: plainText(50),
  arch: guestArchSchema,
  licence: plainText(500),
  memoryMiB: memoryMiBSchema,
  diskSizeBytes: z.number().int().positive(),
  loginHint: plainText(500).optional(),
  icon: iconSchema.optional(),
  tags: z
    .array(z.string().regex(/^[a-z0-9][a-z0-9-]{0,29}$/))
    .max(16)
    .optional(),
  /** Its publisher's own recommendation, for the row at the top of the catalog. */
  recommended: z.boolean().optional(),
  /** What it is known to run on, the best first; left out: whatever has its processor. */
  backEnds: z.array(backEndSchema).min(1).max(2).optional(),
  /** What its disk hangs on in QEMU: every guest with a driver knows `ide`. Left out: `virtio`, which is faster. */
  diskBus: z.enum(['virtio', 'ide']).optional(),
  /**
   * Nobody can log in before cloud-init has said who: in QEMU the guest gets a disk that lets root in at the console, without
   * a password.
   */
  cloudInit: z.boolean().optional(),
  /** How to use the guest over its serial port, where it can be. */
  serial: z
    .object({
      loginPrompt: plainText(200).min(1).optional(),
      user: plainText(50).min(1).optional(),
      shellPrompt: plainText(200).min(1).optional(),
    })
    .optional(),
  /** What to type to shut the guest down. */
  poweroffCommand: plainText(200).min(1).optional(),
});

/** The description of an appliance whose master was built on this machine. */
export const builtApplianceSchema = applianceDescriptionSchema.extend({
  disk: z.object({
    /** File name of the raw master, beside the description. */
    file: z.string().regex(/^[^/\\]+$/),
    sizeBytes: z.number().int().positive(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
});

export type BackEndName = z.infer<typeof backEndSchema>;
export type ApplianceDescription = z.infer<typeof applianceDescriptionSchema>;
export type BuiltAppliance = z.infer<typeof builtApplianceSchema>;
