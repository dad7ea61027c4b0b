/**
 * A process that has a disk open and reads what a boot reads, in its order, over and over. Its parent kills it while the
 * boot pack comes.
 */
import { unwrap } from '../../shared/result.ts';
import type { Range } from '../../main/block/range.ts';
import { BlockPortClient } from '../../main/storage/block-port/client.ts';
import type { ImageChain } from '../../main/storage/chain/image-chain.ts';
import { DiskThread } from '../../main/storage/disk/disk-thread.ts';

export interface PackReaderTask {
  readonly chain: ImageChain;
  readonly ranges: readonly Range[];
}

const { chain, ranges } = JSON.parse(process.argv[2] ?? '') as PackReaderTask;
const disk = unwrap(
  await DiskThread.open({ chain, readOnly: false, copyOnRead: 'on', onSourceLost: 'wait' }, (event) => {
    // Nothing comes any more, so nobody would kill it.
    if (event.kind === 'job' && event.event.event === 'BLOCK_JOB_COMPLETED') process.exit(0);
  }),
);
const guest = unwrap(await BlockPortClient.connect(unwrap(await disk.connect())));
unwrap(await disk.startStream({ jobId: 'stream', speed: 0, onError: 'report' }));
for (;;) {
  for (const { offset, length } of ranges) unwrap(await guest.readOwned(offset, length));
}
