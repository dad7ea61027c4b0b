import { expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { MemoryDevice } from '../block/memory.ts';
import { newQed, openQed, pattern, readAll } from '../../test/support/qed-disk.ts';
import { checkQed } from './check.ts';

it('smoke', async () => {
  const base = MemoryDevice.of(pattern(1024 * 1024, 1));
  const { file, device } = await newQed({ imageBytes: 1024 * 1024, backing: { name: 'b', raw: true } }, base);
  unwrap(await device.write(70_000, pattern(1000, 2)));
  const all = await readAll(device);
  const want = pattern(1024 * 1024, 1);
  want.set(pattern(1000, 2), 70_000);
  expect(Buffer.compare(all, want)).toBe(0);
  unwrap(await device.populate([{ offset: 0, length: 1024 * 1024 }]));
  unwrap(await device.dropBacking());
  unwrap(await device.close());
  const again = file.reopened();
  expect(unwrap(await checkQed(again, 'none'))).toMatchObject({
    corruptions: 0,
    leaks: 0,
    allocatedClusters: 16,
  });
  expect(Buffer.compare(await readAll(await openQed(again)), want)).toBe(0);
});
