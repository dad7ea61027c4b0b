/** What was typed as MiB of memory, where a machine can have it. */
export function parseMemory(text: string): number | undefined {
  if (!/^\s*\d{1,5}\s*$/.test(text)) return undefined;
  const memoryMiB = Number(text);
  return memoryMiB >= 16 && memoryMiB <= 1024 ? memoryMiB : undefined;
}
