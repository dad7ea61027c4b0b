import { expect, it, onTestFinished } from 'vitest';
import { sleep, systemClock, type Clock } from '../../../shared/clock.ts';
import { unwrap } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import { MASTER_BYTES, newServedImages, specOf, Told } from '../../../test/support/disk-workbench.ts';
import { readAll } from '../../../test/support/qed-disk.ts';
import { CopyOnReadDevice } from '../../streaming/copy-on-read/copy-on-read-device.ts';
import { OpenDisk } from './open-disk.ts';

/** Whoever means to wait longer than this waits for ever: the first back-off is 500 ms, a commit comes after 200. */
const PATIENCE_MS = 300;
const withoutPatience: Clock = {
  now: () => systemClock.now(),
  after: (delayMs, callback) => (delayMs >= PATIENCE_MS ? () => {} : systemClock.after(delayMs, callback)),
};

/** A disk with a guest read and a job that wait for their source, which is back: nobody has noticed yet. */
async function bothWaiting() {
  const { chain, content, server } = await newServedImages();
  const told = new Told();
  const spec = specOf(chain, { onSourceLost: 'wait' });
  const disk = unwrap(await OpenDisk.open(spec, withoutPatience, told.listen));
  onTestFinished(async () => {
    await disk.close();
  });
  await server.drop();
  const read = readAll(disk.device, MIB, 512);
  await told.until(({ kind }) => kind === 'waiting');
  unwrap(await disk.startStream({ jobId: 'stream', speed: 0, onError: 'report' }));
  await told.job('STREAM_SOURCE_LOST');
  unwrap(await server.restore());
  return { disk, told, read, wanted: content.subarray(MIB, MIB + 512) };
}

it('a job that reaches its source again wakes the guest', async () => {
  const { disk, told, read, wanted } = await bothWaiting();
  // Requests that left before the source was back may still fail, and have the job wait again.
  while (!told.jobEvents.includes('STREAM_SOURCE_BACK')) {
    unwrap(disk.job('stream')).retryNow();
    await sleep(systemClock, 10);
  }
  expect(await read).toEqual(wanted);
  await told.job('BLOCK_JOB_COMPLETED');
});

it('a guest that reaches its source again wakes the job', async () => {
  const { disk, told, read, wanted } = await bothWaiting();
  if (!(disk.device instanceof CopyOnReadDevice)) throw new Error('the disk does not copy on read');
  disk.device.retryNow();
  expect(await read).toEqual(wanted);
  // As above; then it is the next read of something missing that wakes it.
  for (let at = 2 * MIB; !told.jobEvents.includes('STREAM_SOURCE_BACK'); at += 64 * KIB) {
    await readAll(disk.device, at % MASTER_BYTES, 512);
    await sleep(systemClock, 10);
  }
  await told.job('BLOCK_JOB_COMPLETED');
});
