import { performance } from 'node:perf_hooks';
import { ok, type Result } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import type { ImageChain } from '../../../main/storage/chain/image-chain.ts';
import { DiskThread } from '../../../main/storage/disk/disk-thread.ts';
import type { Figures } from '../measure/interleave.ts';
import { JobEnd } from './job-end.ts';

export interface StreamArguments {
  readonly chain: ImageChain;
  readonly imageBytes: number;
}

/**
 * Streams an overlay to its end with {@link DiskThread.startStream}.
 * @returns `rate` (MiB/s of guest range, from the call to the completed event, everything durable) and `cpuMs`
 */
export async function measureStream({ chain, imageBytes }: StreamArguments): Promise<Result<Figures>> {
  const job = new JobEnd();
  const disk = await DiskThread.open(
    { chain, readOnly: false, copyOnRead: 'off', onSourceLost: 'report' },
    job.hear,
  );
  if (!disk.ok) return disk;
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const started = await disk.value.startStream({ jobId: 'stream', speed: 0, onError: 'report' });
  const ended = started.ok ? await job.ended : started;
  const elapsedMs = performance.now() - startedMs;
  const used = process.cpuUsage(cpu);
  const closed = await disk.value.close();
  if (!ended.ok) return ended;
  if (!closed.ok) return closed;
  return ok({ rate: (imageBytes / MIB / elapsedMs) * 1000, cpuMs: (used.user + used.system) / 1000 });
}
