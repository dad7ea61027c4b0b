import { performance } from 'node:perf_hooks';
import { systemClock } from '../../../shared/clock.ts';
import { ok, type Result } from '../../../shared/result.ts';
import { openChain } from '../../../main/storage/chain/open.ts';
import type { Figures } from '../measure/interleave.ts';
import { percentile } from '../measure/statistics.ts';
import { imageChain } from '../workshop/images.ts';

export interface OpenArguments {
  /** Images by the names of their figures. */
  readonly images: Readonly<Record<string, string>>;
  readonly repetitions: number;
}

/** @returns for each image the median time of opening it for writing, its lock included, in milliseconds */
export async function measureOpen({ images, repetitions }: OpenArguments): Promise<Result<Figures>> {
  const times = Object.entries(images).map(([name, file]) => ({ name, file, ms: [] as number[] }));
  // The first tenth is for the compiler.
  for (let turn = -repetitions / 10; turn < repetitions; turn++) {
    for (const { file, ms } of times) {
      const startedMs = performance.now();
      const disk = await openChain(imageChain(file), { clock: systemClock, readOnly: false });
      const elapsedMs = performance.now() - startedMs;
      if (!disk.ok) return disk;
      const closed = await disk.value.close();
      if (!closed.ok) return closed;
      if (turn >= 0) ms.push(elapsedMs);
    }
  }
  return ok(
    Object.fromEntries(times.map(({ name, ms }) => [name, percentile(Float64Array.from(ms).sort(), 0.5)])),
  );
}
