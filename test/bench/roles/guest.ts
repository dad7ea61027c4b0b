import { performance } from 'node:perf_hooks';
import { systemClock } from '../../../shared/clock.ts';
import { DONE, ok, type Result } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import type { BlockDevice } from '../../../main/block/device.ts';
import type { Range } from '../../../main/block/range.ts';
import { BlockPortClient } from '../../../main/storage/block-port/client.ts';
import type { ImageChain } from '../../../main/storage/chain/image-chain.ts';
import { openChain } from '../../../main/storage/chain/open.ts';
import { DiskThread } from '../../../main/storage/disk/disk-thread.ts';
import type { Figures } from '../measure/interleave.ts';
import { JobEnd } from './job-end.ts';
import { randomReads, stridedRequests, type RandomAccess } from './workload.ts';
import type { StridedAccess } from '../workshop/strided.ts';

export interface GuestArguments {
  readonly chain: ImageChain;
  /** `port`: through a `BlockPort` from another thread, as a machine does. `direct`: in the thread of the disk. */
  readonly through: 'port' | 'direct';
  readonly work:
    ({ readonly kind: 'strided' } & StridedAccess) | ({ readonly kind: 'random-reads' } & RandomAccess);
  /** Reads done before anything is measured, so that no figure is about a cold compiler. */
  readonly warmUp?: { readonly region: Range; readonly durationMs: number };
  /** Stream meanwhile, at most this many bytes per second; 0 for no limit. Only through a port. */
  readonly streamSpeed?: number;
}

/**
 * Plays a guest.
 * @returns `iops`, and for random reads `p50` and `p99` in microseconds; with streaming also `streamRate` in MiB/s
 */
export async function measureGuest(given: GuestArguments): Promise<Result<Figures>> {
  return given.through === 'direct' ? measureDirect(given) : measureThroughPort(given);
}

async function measureDirect(given: GuestArguments): Promise<Result<Figures>> {
  const disk = await openChain(given.chain, { clock: systemClock, readOnly: false });
  if (!disk.ok) return disk;
  await warmUp(disk.value, given);
  const figures = await work(disk.value, given, () => false);
  const closed = await disk.value.close();
  return closed.ok ? figures : closed;
}

async function measureThroughPort(given: GuestArguments): Promise<Result<Figures>> {
  const job = new JobEnd();
  const streams = given.streamSpeed !== undefined;
  const disk = await DiskThread.open(
    {
      chain: given.chain,
      readOnly: false,
      copyOnRead: streams || given.work.kind === 'random-reads' ? 'on' : 'off',
      onSourceLost: 'report',
    },
    job.hear,
  );
  if (!disk.ok) return disk;
  const port = await disk.value.connect();
  if (!port.ok) return port;
  const guest = await BlockPortClient.connect(port.value);
  if (!guest.ok) return guest;
  await warmUp(guest.value, given);
  const started =
    given.streamSpeed === undefined
      ? DONE
      : await disk.value.startStream({ jobId: 'stream', speed: given.streamSpeed, onError: 'report' });
  const figures = started.ok ? await work(guest.value, given, () => job.over) : started;
  const status = await disk.value.status();
  const disconnected = await guest.value.close();
  const closed = await disk.value.close();
  for (const end of [figures, status, disconnected, closed]) if (!end.ok) return end;
  if (!figures.ok || !status.ok || !streams) return figures;
  return ok({ ...figures.value, streamRate: (status.value.job?.rate ?? 0) / MIB });
}

async function warmUp(disk: BlockDevice, { warmUp }: GuestArguments): Promise<void> {
  if (warmUp === undefined) return;
  const { region, durationMs } = warmUp;
  await randomReads(disk, { region, durationMs, depth: 1 }, () => false);
}

async function work(
  disk: BlockDevice,
  { work }: GuestArguments,
  stop: () => boolean,
): Promise<Result<Figures>> {
  if (work.kind === 'random-reads') return randomReads(disk, work, stop);
  const startedMs = performance.now();
  const done = await stridedRequests(disk, work);
  const elapsedMs = performance.now() - startedMs;
  return done.ok ? ok({ iops: (work.count / elapsedMs) * 1000 }) : done;
}
