import { setTimeout as sleep } from 'node:timers/promises';
import { ok, type Result } from '../../../shared/result.ts';
import { BlockPortClient } from '../../../main/storage/block-port/client.ts';
import type { ImageChain } from '../../../main/storage/chain/image-chain.ts';
import { DiskThread } from '../../../main/storage/disk/disk-thread.ts';
import type { Figures } from '../measure/interleave.ts';
import { memoryOf } from '../workshop/process-figures.ts';
import type { StridedAccess } from '../workshop/strided.ts';
import { stridedRequests } from './workload.ts';

export interface MemoryArguments {
  readonly chains: readonly ImageChain[];
  /** What is read of each disk before its memory is looked at. */
  readonly reads: StridedAccess;
}

const SETTLE_MS = 300;

/**
 * Opens disks one after the other, each in a thread of its own.
 * @returns `afterN`: resident memory of the process with N disks open, in MiB; `after0` before the first
 */
export async function measureMemory({ chains, reads }: MemoryArguments): Promise<Result<Figures>> {
  const figures: Record<string, number> = { after0: memoryOf('self').residentMiB };
  const disks: DiskThread[] = [];
  for (const chain of chains) {
    const disk = await DiskThread.open({
      chain,
      readOnly: false,
      copyOnRead: 'image',
      onSourceLost: 'report',
    });
    if (!disk.ok) return disk;
    disks.push(disk.value);
    const port = await disk.value.connect();
    if (!port.ok) return port;
    const guest = await BlockPortClient.connect(port.value);
    if (!guest.ok) return guest;
    const read = await stridedRequests(guest.value, reads);
    if (!read.ok) return read;
    await sleep(SETTLE_MS);
    figures[`after${disks.length}`] = memoryOf('self').residentMiB;
  }
  for (const disk of disks) {
    const closed = await disk.close();
    if (!closed.ok) return closed;
  }
  return ok(figures);
}
