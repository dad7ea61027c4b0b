import { MEMORY_MIB, parseMemory } from '../../../shared/memory.ts';
import { err, ok, type Result } from '../../../shared/result.ts';

/** What `--memory` was given, in MiB. @param most what the machine has room for */
export function memoryOption(text: string, most: number = MEMORY_MIB.most): Result<number> {
  const memoryMiB = parseMemory(text);
  const { least } = MEMORY_MIB;
  return memoryMiB === undefined || memoryMiB > most
    ? err('invalid-argument', `--memory takes a whole number of MiB from ${least} to ${most}`)
    : ok(memoryMiB);
}
