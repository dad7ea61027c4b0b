import { because, DONE, ok, type Result } from '../../../../../shared/result.ts';
import { alignDown, alignUp } from '../../../../../shared/units.ts';
import { contentAt, readPadded } from '../../../../block/backing-read.ts';
import type { BlockDevice } from '../../../../block/device.ts';
import { isZero } from '../../../../block/zeroes.ts';
import type { QedDevice } from '../../../../qed/device.ts';
import type { ProgressLine } from '../../../output/progress-line.ts';
import type { Tool } from '../tool.ts';
import { ownContentAt } from './own-content.ts';
import { copyPieces, type Piece } from './ordered-pieces.ts';

const PIECE_BYTES = 1024 * 1024;
const REMOTE_PIECES = 8;

export interface NewBacking {
  readonly device: QedDevice;
  /** What will be behind the image; null when nothing will. */
  readonly behind: BlockDevice | null;
  /**
   * How many layers lie between the image and the new backing file, where that is part of the chain already: what
   * none of them stores is the same before and after. Infinity where it is not.
   */
  readonly ownLayers: number;
}

/** Stores in an image every cluster it takes from its backing file that reads otherwise in the new one. */
export async function copyDifferences(
  change: NewBacking,
  progress: ProgressLine,
  tool: Tool,
): Promise<Result<void>> {
  const { device, behind } = change;
  const old = device.backing;
  const size = alignUp(PIECE_BYTES, device.clusterBytes);
  const end = device.lengthBytes;
  const newContents = new Map<number, Uint8Array>();
  let position = 0;
  const next = async (): Promise<Result<Piece | null>> => {
    while (position < end) {
      const known = await sameAt(change, position, end - position);
      if (!known.ok) return known;
      const offset = position;
      const length = known.value.same ? known.value.length : Math.min(size, known.value.length);
      position += length;
      if (!known.value.same) return ok({ offset, length, zero: false });
    }
    return ok(null);
  };
  const copied = await copyPieces(
    {
      next,
      async fetch({ offset, length }, before) {
        const after = new Uint8Array(length);
        newContents.set(offset, after);
        const reads = await Promise.all([readPadded(old, offset, before), readPadded(behind, offset, after)]);
        const failed = reads.find((read) => !read.ok);
        return failed?.ok === false ? because(`error while reading at byte ${offset}`, failed) : DONE;
      },
      async store({ offset }, before) {
        progress.report(offset, end);
        const after = newContents.get(offset) ?? new Uint8Array(0);
        newContents.delete(offset);
        return storeDifferent(device, offset, before, after);
      },
    },
    { fetches: (old?.remote ?? false) || (behind?.remote ?? false) ? REMOTE_PIECES : 1, stores: 1 },
    size,
    tool,
  );
  if (copied.ok) progress.report(1, 1);
  return copied;
}

/**
 * Whether the guest sees the same at `offset` before and after without a copy, as far as that is known without
 * reading, and how far the answer holds. Whole clusters, but for the end of the image.
 */
async function sameAt(
  { device, behind, ownLayers }: NewBacking,
  offset: number,
  length: number,
): Promise<Result<{ same: boolean; length: number }>> {
  const extent = await device.extentAt(offset, length);
  if (!extent.ok) return extent;
  const run = extent.value.length;
  const old = device.backing;
  if (extent.value.kind !== 'unallocated' || ownLayers === 0) return ok({ same: true, length: run });
  let same: boolean;
  let reach: number;
  const before =
    old === null || ownLayers === Infinity
      ? await contentAt(old, offset, run)
      : await ownContentAt(old, ownLayers, offset, run);
  if (!before.ok) return before;
  if ('missing' in before.value && before.value.missing) {
    same = true;
    reach = before.value.length;
  } else {
    const after = await contentAt(behind, offset, before.value.length);
    if (!after.ok) return after;
    same = before.value.zero && after.value.zero;
    reach = after.value.length;
  }
  if (!same || reach === run) return ok({ same, length: run });
  const whole = alignDown(reach, device.clusterBytes);
  return whole > 0
    ? ok({ same, length: whole })
    : ok({ same: false, length: Math.min(run, device.clusterBytes) });
}

/** Writes the clusters of `before` that differ in `after`: zeroes as marks, runs of data in one go. */
async function storeDifferent(
  device: QedDevice,
  offset: number,
  before: Uint8Array,
  after: Uint8Array,
): Promise<Result<void>> {
  const size = device.clusterBytes;
  const stateOf = (start: number) => {
    const data = before.subarray(start, start + size);
    if (Buffer.compare(data, after.subarray(start, start + size)) === 0) return 'same';
    return isZero(data) ? 'zero' : 'data';
  };
  for (let start = 0; start < before.length;) {
    const state = stateOf(start);
    let end = Math.min(start + size, before.length);
    while (end < before.length && stateOf(end) === state) end = Math.min(end + size, before.length);
    const stored =
      state === 'same'
        ? DONE
        : state === 'zero'
          ? await device.writeZeroes(offset + start, end - start)
          : await device.write(offset + start, before.subarray(start, end));
    if (!stored.ok) return because(`error while writing at byte ${offset + start}`, stored);
    start = end;
  }
  return DONE;
}
