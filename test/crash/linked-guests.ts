/**
 * A process in which two guests read and write overlays that lie on one copy of a master, while the copy streams. It
 * tells of every write before and after it happens; its parent kills it at some moment.
 */
import { writeSync } from 'node:fs';
import { unwrap } from '../../shared/result.ts';
import { SECTOR_BYTES } from '../../shared/units.ts';
import { BlockPortClient } from '../../main/storage/block-port/client.ts';
import type { ImageChain } from '../../main/storage/chain/image-chain.ts';
import type { DiskSpec } from '../../main/storage/disk/disk-spec.ts';
import { DiskThread } from '../../main/storage/disk/disk-thread.ts';
import { SeededRandom } from '../support/seeded-random.ts';

export interface LinkedTask {
  readonly copy: ImageChain;
  readonly overlays: readonly string[];
  readonly seed: number;
  readonly firstTag: number;
  /** Of the stream of the copy, in bytes per second. */
  readonly streamSpeed: number;
}

export type LinkedReport =
  | { readonly told: 'write'; readonly overlay: string; readonly sector: number; readonly tag: number }
  /** Everything told of this overlay before is durable. */
  | { readonly told: 'flushed'; readonly overlay: string; readonly writes: number }
  | { readonly told: 'complete' }
  | { readonly told: 'failed'; readonly message: string };

/** What a guest writes: the number of the write, over and over. */
export function sectorOfTag(tag: number): Uint8Array {
  return new Uint8Array(new Uint32Array(SECTOR_BYTES / 4).fill(tag).buffer);
}

/** Written at once: what was told before a kill is not lost with the process. */
function tell(report: LinkedReport): void {
  const line = Buffer.from(`${JSON.stringify(report)}\n`);
  for (let done = 0; done < line.length;) {
    try {
      done += writeSync(1, line, done);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  }
}

function open(
  chain: ImageChain,
  copyOnRead: DiskSpec['copyOnRead'],
  listen?: Parameters<typeof DiskThread.open>[1],
) {
  return DiskThread.open({ chain, readOnly: false, copyOnRead, onSourceLost: 'wait' }, listen).then(unwrap);
}

async function beGuest(disk: BlockPortClient, overlay: string, random: SeededRandom, firstTag: number) {
  const sectors = disk.lengthBytes / SECTOR_BYTES;
  for (let tag = firstTag; ;) {
    const choice = random.next();
    const sector = random.integer(0, sectors - 1);
    if (choice < 0.6) {
      const count = Math.min(random.integer(1, 64), sectors - sector);
      unwrap(await disk.readOwned(sector * SECTOR_BYTES, count * SECTOR_BYTES));
    } else if (choice < 0.9) {
      tell({ told: 'write', overlay, sector, tag });
      unwrap(await disk.write(sector * SECTOR_BYTES, sectorOfTag(tag)));
      tag += 1;
    } else {
      const writes = tag - firstTag;
      unwrap(await disk.flush());
      tell({ told: 'flushed', overlay, writes });
    }
  }
}

async function main(task: LinkedTask): Promise<void> {
  const copy = await open(task.copy, 'on', (event) => {
    if (event.kind === 'job' && event.event.event === 'BLOCK_JOB_COMPLETED') tell({ told: 'complete' });
  });
  if (!unwrap(await copy.status()).standalone) {
    unwrap(await copy.startStream({ jobId: 'stream', speed: task.streamSpeed, onError: 'report' }));
  }
  const guests = task.overlays.map(async (overlay, index) => {
    const served = unwrap(await copy.connect('read'));
    const chain = {
      location: overlay,
      format: 'qed',
      backing: { ...task.copy, backing: null, served },
    } as const;
    const disk = await open(chain, 'off');
    const guest = unwrap(await BlockPortClient.connect(unwrap(await disk.connect())));
    await beGuest(guest, overlay, new SeededRandom(task.seed + index), task.firstTag);
  });
  await Promise.all(guests);
}

const [, , given] = process.argv;
if (given !== undefined) {
  try {
    await main(JSON.parse(given) as LinkedTask);
  } catch (error) {
    tell({ told: 'failed', message: error instanceof Error ? error.message : String(error) });
    process.exitCode = 1;
  }
}
