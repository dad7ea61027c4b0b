import { z } from 'zod';

/** How much memory a machine can have, in MiB: a Linux needs the least. v86 has no room for more than 1 GiB; QEMU has. */
export const MEMORY_MIB = { least: 16, most: 65536 } as const;

export const memoryMiBSchema = z.number().int().min(MEMORY_MIB.least).max(MEMORY_MIB.most);

/** Memory as it was typed, in MiB; undefined where it is none that a machine can have. */
export function parseMemory(text: string): number | undefined {
  const digits = /^\s*(\d{1,5})\s*$/.exec(text)?.[1];
  const parsed = memoryMiBSchema.safeParse(Number(digits));
  return parsed.success ? parsed.data : undefined;
}
