import { z } from 'zod';

/** What a recipe says of its appliance, in `appliance.json`. Sizes are in bytes unless the name says otherwise. */
export const applianceDescriptionSchema = z.object({
  formatVersion: z.literal(1),
  /** Names the appliance in commands and folders. */
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/),
  name: z.string().min(1).max(100),
  summary: z.string().max(500),
  publisher: z.string().max(100),
  version: z.string().max(50),
  arch: z.enum(['i386', 'x86_64', 'aarch64']),
  licence: z.string().max(500),
  memoryMiB: z.number().int().min(16).max(1024),
  diskSizeBytes: z.number().int().positive(),
  loginHint: z.string().max(500).optional(),
  /** How to use the guest over its serial port, where it can be. */
  serial: z
    .object({
      loginPrompt: z.string().min(1).optional(),
      user: z.string().min(1).optional(),
      shellPrompt: z.string().min(1).optional(),
    })
    .optional(),
  /** What to type to shut the guest down. */
  poweroffCommand: z.string().min(1).optional(),
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

export type ApplianceDescription = z.infer<typeof applianceDescriptionSchema>;
export type BuiltAppliance = z.infer<typeof builtApplianceSchema>;
