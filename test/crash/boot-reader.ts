/**
 * A process in which a guest boots from an overlay over a published master, while the boot pack comes and the disk streams.
 * It compares all that it reads, and tells when it begins and when the disk is complete; its parent kills it at some moment.
 */
import { readFileSync } from 'node:fs';
import { unwrap } from '../../shared/result.ts';
import { BlockPortClient } from '../../main/storage/block-port/client.ts';
import type { ImageChain } from '../../main/storage/chain/image-chain.ts';
import { DiskThread } from '../../main/storage/disk/disk-thread.ts';
import type { Range } from '../../main/block/range.ts';

export interface BootTask {
  readonly chain: ImageChain;
  /** A file with what the disk must hold. */
  readonly content: string;
  /** What the boot reads, in order. */
  readonly ranges: readonly Range[];
}

export type BootReport =
  { readonly told: 'opened' | 'complete' | 'closed' } | { readonly told: 'failed'; readonly message: string };

const tell = (report: BootReport) => void process.stdout.write(`${JSON.stringify(report)}\n`);

async function main({ chain, content, ranges }: BootTask): Promise<void> {
  const expected = readFileSync(content);
  let completed: () => void = () => undefined;
  const complete = new Promise<void>((resolve) => (completed = resolve));
  const spec = { chain, readOnly: false, copyOnRead: 'on', onSourceLost: 'wait' } as const;
  const disk = unwrap(
    await DiskThread.open(spec, (event) => {
      if (event.kind === 'job' && event.event.event === 'BLOCK_JOB_COMPLETED') completed();
    }),
  );
  const guest = unwrap(await BlockPortClient.connect(unwrap(await disk.connect())));
  tell({ told: 'opened' });
  const isDone = unwrap(await disk.status()).standalone;
  if (!isDone) unwrap(await disk.startStream({ jobId: 'stream', speed: 0, onError: 'report' }));
  for (const { offset, length } of ranges) {
    const read = unwrap(await guest.readOwned(offset, length));
    if (Buffer.compare(read, expected.subarray(offset, offset + length)) !== 0) {
      throw new Error(`the guest read something else at ${offset}`);
    }
  }
  if (!isDone) await complete;
  tell({ told: 'complete' });
  unwrap(await disk.close());
  tell({ told: 'closed' });
}

const [, , given] = process.argv;
if (given !== undefined) {
  try {
    await main(JSON.parse(given) as BootTask);
  } catch (error) {
    tell({ told: 'failed', message: error instanceof Error ? error.message : String(error) });
    process.exitCode = 1;
  }
}
