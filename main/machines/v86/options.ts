import type { MessagePort } from 'node:worker_threads';
import { V86_MOST_MEMORY_MIB } from '../../../shared/back-end.ts';
import { MEMORY_MIB, memoryMiBSchema } from '../../../shared/memory.ts';
import { DONE, err, type Result } from '../../../shared/result.ts';
import type { Firmware } from './messages.ts';
import type { StallLimits } from './stall.ts';

export interface V86MachineOptions {
  /** What messages call the machine. */
  readonly name: string;
  /** The guest's memory in MiB: 16 to 1024. */
  readonly memoryMiB: number;
  readonly firmware: Firmware;
  /** The built `main/machines/v86/worker.js`. */
  readonly workerScript: URL | string;
  /**
   * Called at each start: a port whose other end is served by `serveBlockDevice`.
   * @param boots the guest boots, and does not go on from a saved state
   */
  readonly connectDisk: (boots: boolean) => Promise<Result<MessagePort>>;
  readonly stall?: StallLimits;
  /**
   * Whether the machine stops when the guest halts its processor for good, as it does at the end of a shutdown.
   * Without it the machine stays on, as a PC without power management does. Default: true.
   */
  readonly stopWhenHalted?: boolean;
}

/** Fails with `invalid-argument` where v86 has no room for so much memory, or a PC no use for so little. */
export function checkMemory({
  name,
  memoryMiB,
}: Pick<V86MachineOptions, 'name' | 'memoryMiB'>): Result<void> {
  if (memoryMiBSchema.max(V86_MOST_MEMORY_MIB).safeParse(memoryMiB).success) return DONE;
  return err(
    'invalid-argument',
    `${name}: ${memoryMiB} MiB of memory; give it ${MEMORY_MIB.least} to ${V86_MOST_MEMORY_MIB}`,
  );
}
