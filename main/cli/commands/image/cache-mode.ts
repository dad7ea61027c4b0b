const MODES = ['none', 'off', 'writeback', 'writethrough', 'directsync', 'unsafe'];

/** True for the cache modes QEMU knows. */
export function isCacheMode(text: string | undefined): boolean {
  return text === undefined || MODES.includes(text);
}

/**
 * Whether a command that writes with this cache mode waits for the disk before it ends. All modes but `unsafe` do:
 * how a command buffers on the way cannot be told from outside.
 */
export function isDurable(mode: string | undefined, otherwise: string): boolean {
  return (mode ?? otherwise) !== 'unsafe';
}
