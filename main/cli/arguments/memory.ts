import { MEMORY_MIB, parseMemory } from '../../../shared/memory.ts';
import { err, ok, type Result } from '../../../shared/result.ts';

/** What `--memory` was given, in MiB. */
export function memoryOption(text: string): Result<number> {
  const memoryMiB = parseMemory(text);
  const { least, most } = MEMORY_MIB;
  return memoryMiB === undefined
    ? err('invalid-argument', `--memory takes a whole number of MiB from ${least} to ${most}`)
    : ok(memoryMiB);
}
