import { z } from 'zod';

/** How much memory a machine can have, in MiB: a Linux needs the least, and v86 has no room for more than the most. */
export const MEMORY_MIB = { least: 16, most: 1024 } as const;

export const memoryMiBSchema = z.number().int().min(MEMORY_MIB.least).max(MEMORY_MIB.most);

/** Memory as it was typed, in MiB; undefined where it is none that a machine can have. */
export function parseMemory(text: string): number | undefined {
  const digits = /^\s*(\d{1,5})\s*$/.exec(text)?.[1];
  const parsed = memoryMiBSchema.safeParse(Number(digits));
  return parsed.success ? parsed.data : undefined;
}
