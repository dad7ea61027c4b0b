import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { unwrap } from '../../../shared/result.ts';
import type { ImageChain } from '../../../main/storage/chain/image-chain.ts';
import { DiskThread } from '../../../main/storage/disk/disk-thread.ts';
import { EXPORT } from '../qemu/nbd-server.ts';

export interface NbdArguments {
  readonly chain: ImageChain;
  readonly socket: string;
}

/**
 * Serves a disk over NBD from its thread, as machines of QEMU get it, until standard input ends. Prints a line when
 * it listens. Answers every line with a line: `stream SPEED` begins to fill the overlay, anything else asks how far
 * that is, in bytes of guest range, -1 when there is no job.
 */
export async function serveDisk({ chain, socket }: NbdArguments): Promise<void> {
  const disk = unwrap(
    await DiskThread.open({ chain, readOnly: false, copyOnRead: 'on', onSourceLost: 'report' }, () => {}),
  );
  unwrap(await disk.serveNbd({ address: { kind: 'unix', path: socket }, exportName: EXPORT }));
  process.stdout.write('listens\n');
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => void answer(disk, line).then((text) => process.stdout.write(`${text}\n`)));
  await once(lines, 'close');
  unwrap(await disk.close());
}

async function answer(disk: DiskThread, line: string): Promise<number> {
  const [verb, speed] = line.split(' ');
  if (verb === 'stream') {
    unwrap(await disk.startStream({ jobId: 'stream', speed: Number(speed), onError: 'report' }));
  }
  const { job } = unwrap(await disk.status());
  return job?.status === 'running' ? job.offset : -1;
}
