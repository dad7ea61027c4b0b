/** `-t`: how writes reach the disk. */
export interface CacheMode {
  /** Every write is durable before it ends. */
  readonly writethrough: boolean;
  /** Flushes are left out: data survives the program, not the machine. */
  readonly noFlush: boolean;
  /** QEMU bypasses the host's cache then. Node cannot, so this only decides whether native AIO may be asked for. */
  readonly direct: boolean;
}

const MODES: Readonly<Record<string, CacheMode>> = {
  none: { writethrough: false, noFlush: false, direct: true },
  off: { writethrough: false, noFlush: false, direct: true },
  writeback: { writethrough: false, noFlush: false, direct: false },
  writethrough: { writethrough: true, noFlush: false, direct: false },
  directsync: { writethrough: true, noFlush: false, direct: true },
  unsafe: { writethrough: false, noFlush: true, direct: false },
};

/** What `qemu-io` does without `-t`; other tools write back. */
export const DEFAULT_CACHE: CacheMode = { writethrough: true, noFlush: false, direct: false };

export function cacheMode(name: string): CacheMode | null {
  return Object.hasOwn(MODES, name) ? (MODES[name] ?? null) : null;
}
