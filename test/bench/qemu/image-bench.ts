import { err, ok, type Result } from '../../../shared/result.ts';
import type { Figures } from '../measure/interleave.ts';
import type { StridedAccess } from '../workshop/strided.ts';
import type { Children } from '../workshop/children.ts';

const BLOCK_BYTES = 4096;

/**
 * 4 KiB requests with `qemu-img bench`: inside QEMU's own process, without any border to cross. Cache mode
 * writeback: acknowledged writes may be lost until a flush, flushes are obeyed.
 * @param what an image's path or an address of a disk
 * @returns `iops`; the time of a last flush counts for writes
 */
export async function qemuImgBench(
  children: Children,
  what: { readonly format: 'qed' | 'raw'; readonly image: string },
  access: StridedAccess,
  timeoutMs: number,
): Promise<Result<Figures>> {
  const { count, depth, startBytes, stepBytes, write, flushEvery } = access;
  const run = await children.run(
    'qemu-img',
    [
      ...['bench', '-f', what.format, '-t', 'writeback', '-c', String(count), '-d', String(depth)],
      ...['-s', String(BLOCK_BYTES), '-o', String(startBytes), '-S', String(stepBytes)],
      ...(write ? ['-w', `--flush-interval=${flushEvery ?? count}`] : []),
      what.image,
    ],
    timeoutMs,
  );
  if (!run.ok) return run;
  const seconds = Number(/Run completed in ([\d.]+) seconds/.exec(run.value.stdout)?.[1]);
  return seconds > 0 ? ok({ iops: count / seconds }) : err('malformed', 'qemu-img bench told no time');
}
