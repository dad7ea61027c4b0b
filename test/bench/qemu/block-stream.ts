import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { err, ok, type Result } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import type { Figures } from '../measure/interleave.ts';
import type { Children } from '../workshop/children.ts';
import { cpuMsOf } from '../workshop/process-figures.ts';
import { EXPORT } from './nbd-server.ts';
import { StorageDaemon, type DaemonEvent } from './storage-daemon.ts';

const JOB_ID = 'stream';
/** The node that holds the overlay. */
export const NODE = 'disk';

export interface BlockStreamOptions {
  readonly overlay: string;
  readonly imageBytes: number;
  readonly timeoutMs: number;
  /** Ends the measurement after this time and takes the job's own word for how far it came. */
  readonly cutAfterMs?: number;
}

/** An overlay opened as QEMU does by default: page cache on, flushes obeyed, backing file as the header names it. */
export function blockdevOf(overlay: string, node = NODE): string[] {
  return [
    '--blockdev',
    JSON.stringify({ driver: 'qed', 'node-name': node, file: { driver: 'file', filename: overlay } }),
  ];
}

/** A storage daemon that exports an overlay over NBD, writable. */
export function exportOverlay(
  children: Children,
  overlay: string,
  socket: string,
): Promise<Result<StorageDaemon>> {
  return StorageDaemon.start(children, [
    ...blockdevOf(overlay),
    ...['--nbd-server', `addr.type=unix,addr.path=${socket}`],
    ...['--export', `type=nbd,id=export,node-name=${NODE},name=${EXPORT},writable=on`],
  ]);
}

/**
 * Streams an overlay with `block-stream` in a storage daemon, without limit.
 * @returns `rate` (MiB/s of guest range, from the command to the completed event), `processRate` (from the start of
 *   the process to its end) and `cpuMs`
 */
export async function blockStream(children: Children, options: BlockStreamOptions): Promise<Result<Figures>> {
  const startedMs = performance.now();
  const started = await StorageDaemon.start(children, blockdevOf(options.overlay));
  if (!started.ok) return started;
  const daemon = started.value;
  try {
    const jobMs = performance.now();
    const ended = daemon.event(jobEnded, options.timeoutMs);
    const accepted = await startBlockStream(daemon, 0);
    if (!accepted.ok) return accepted;
    if (options.cutAfterMs !== undefined) {
      const finished = await Promise.race([ended, sleep(options.cutAfterMs, null)]);
      if (finished === null) return await rateSoFar(daemon, jobMs);
    }
    const event = await ended;
    if (!event.ok) return event;
    const jobEndMs = performance.now();
    const failure = event.value.data['error'];
    if (failure !== undefined) return err('io', `block-stream failed: ${JSON.stringify(failure)}`);
    const cpuMs = cpuMsOf(daemon.pid);
    const quit = await daemon.quit();
    if (!quit.ok) return quit;
    const size = options.imageBytes / MIB;
    return ok({
      rate: (size * 1000) / (jobEndMs - jobMs),
      processRate: (size * 1000) / (performance.now() - startedMs),
      cpuMs,
    });
  } finally {
    await daemon.kill();
  }
}

/** @param speed bytes per second; 0 for no limit */
export function startBlockStream(daemon: StorageDaemon, speed: number): Promise<Result<unknown>> {
  return daemon.execute('block-stream', { 'job-id': JOB_ID, device: NODE, speed });
}

const jobsSchema = z.array(z.object({ offset: z.number(), status: z.string() }));

/** How far the job is, in bytes of guest range; null when there is none any more. */
export async function blockStreamOffset(daemon: StorageDaemon): Promise<Result<number | null>> {
  const asked = await daemon.execute('query-block-jobs');
  if (!asked.ok) return asked;
  return ok(jobsSchema.parse(asked.value)[0]?.offset ?? null);
}

async function rateSoFar(daemon: StorageDaemon, sinceMs: number): Promise<Result<Figures>> {
  const offset = await blockStreamOffset(daemon);
  if (!offset.ok) return offset;
  if (offset.value === null) return err('io', 'block-stream ended while it was being asked');
  if (offset.value === 0) return err('io', 'block-stream hangs: no byte came in');
  const elapsedMs = performance.now() - sinceMs;
  return ok({ rate: (offset.value / MIB / elapsedMs) * 1000, cpuMs: cpuMsOf(daemon.pid) });
}

function jobEnded({ event }: DaemonEvent): boolean {
  return event === 'BLOCK_JOB_COMPLETED' || event === 'BLOCK_JOB_CANCELLED';
}
