import { z } from 'zod';
import { applianceDescriptionSchema, backEndSchema } from './appliance.ts';
import { portForwardsSchema } from './port-forward.ts';

/** `automatic`: what is built in where it can, QEMU for the rest, or as the appliance says. */
export const backEndChoiceSchema = z.enum(['automatic', ...backEndSchema.options]);

/** What the user wants of what runs a machine. All but the first counts in QEMU alone. */
export const hardwareSchema = z.object({
  backEnd: backEndChoiceSchema,
  /** False: QEMU's own translator, also where the computer offers more. */
  accelerate: z.boolean(),
  forwards: portForwardsSchema,
});

/** What a guest is made for. */
export const guestSchema = applianceDescriptionSchema.pick({
  arch: true,
  backEnds: true,
  diskBus: true,
  cloudInit: true,
});

export type BackEndChoice = z.infer<typeof backEndChoiceSchema>;
export type Hardware = z.infer<typeof hardwareSchema>;
export type Guest = z.infer<typeof guestSchema>;

export const USUAL_HARDWARE: Hardware = { backEnd: 'automatic', accelerate: true, forwards: [] };
