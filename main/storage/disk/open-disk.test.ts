import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { unwrap } from '../../../shared/result.ts';
import { newImages, specOf, STREAM, Told } from '../../../test/support/disk-workbench.ts';
import { until } from '../../../test/support/simulated-clock.ts';
import { OpenDisk } from './open-disk.ts';

it('an open disk tells whether something is being copied for its job', async () => {
  const { chain } = await newImages();
  const told = new Told();
  const disk = unwrap(await OpenDisk.open(specOf(chain), systemClock, told.listen));
  onTestFinished(async () => {
    await disk.close();
  });
  expect(disk.copying).toBe(false);
  unwrap(await disk.startStream(STREAM));
  await until(() => disk.copying);
  await told.status('null');
  expect(disk.copying).toBe(false);
});
