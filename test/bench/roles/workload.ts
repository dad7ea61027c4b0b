import { performance } from 'node:perf_hooks';
import { DONE, ok, type Err, type Result } from '../../../shared/result.ts';
import type { BlockDevice } from '../../../main/block/device.ts';
import type { Range } from '../../../main/block/range.ts';
import type { Figures } from '../measure/interleave.ts';
import { percentile } from '../measure/statistics.ts';
import type { StridedAccess } from '../workshop/strided.ts';

const BLOCK_BYTES = 4096;

export interface RandomAccess {
  readonly region: Range;
  readonly depth: number;
  readonly durationMs: number;
}

/** Reads 4 KiB blocks at random places, `depth` at a time, until the time is up or `stop` says so. */
export async function randomReads(
  disk: BlockDevice,
  { region, depth, durationMs }: RandomAccess,
  stop: () => boolean,
): Promise<Result<Figures>> {
  const latenciesMs: number[] = [];
  const blocks = Math.floor(region.length / BLOCK_BYTES);
  const startedMs = performance.now();
  const endMs = startedMs + durationMs;
  const worked = await atDepth(depth, async (buffer) => {
    const beganMs = performance.now();
    if (beganMs >= endMs || stop()) return 'end';
    const block = Math.floor(Math.random() * blocks);
    const read = await disk.read(region.offset + block * BLOCK_BYTES, buffer);
    latenciesMs.push(performance.now() - beganMs);
    return read;
  });
  if (!worked.ok) return worked;
  const elapsedMs = performance.now() - startedMs;
  const sorted = Float64Array.from(latenciesMs).sort();
  return ok({
    iops: (sorted.length / elapsedMs) * 1000,
    p50: percentile(sorted, 0.5) * 1000,
    p99: percentile(sorted, 0.99) * 1000,
    worst: (sorted.at(-1) ?? NaN) * 1000,
  });
}

/** Does what `qemu-img bench` does, down to the draining before each flush. Ends with a flush after writes. */
export async function stridedRequests(disk: BlockDevice, access: StridedAccess): Promise<Result<void>> {
  const groups = Math.ceil(access.count / (access.flushEvery ?? access.count));
  const perGroup = access.flushEvery ?? access.count;
  for (let group = 0; group < groups; group++) {
    const end = Math.min(access.count, (group + 1) * perGroup);
    const worked = await requestsBetween(disk, access, group * perGroup, end);
    const flushed = worked.ok && access.write ? await disk.flush() : worked;
    if (!flushed.ok) return flushed;
  }
  return DONE;
}

function requestsBetween(
  disk: BlockDevice,
  { write, depth, startBytes, stepBytes }: StridedAccess,
  from: number,
  to: number,
): Promise<Result<void>> {
  let next = from;
  return atDepth(depth, async (buffer) => {
    if (next >= to) return 'end';
    const number = next++;
    const offset = (startBytes + number * stepBytes) % disk.lengthBytes;
    return write ? disk.write(offset, buffer) : disk.read(offset, buffer);
  });
}

/** Runs `step` again and again, `depth` of them at a time, each with a buffer of its own; the first failure ends all. */
async function atDepth(
  depth: number,
  step: (buffer: Uint8Array) => Promise<Result<void> | 'end'>,
): Promise<Result<void>> {
  const failures: Err[] = [];
  const lane = async (_: unknown, number: number) => {
    const buffer = new Uint8Array(BLOCK_BYTES).fill(number + 1);
    while (failures.length === 0) {
      const done = await step(buffer);
      if (done === 'end') return;
      if (!done.ok) failures.push(done);
    }
  };
  await Promise.all(Array.from({ length: depth }, lane));
  return failures[0] ?? DONE;
}
