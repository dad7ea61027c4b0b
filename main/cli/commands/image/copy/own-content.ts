import { ok, type Result } from '../../../../../shared/result.ts';
import type { Content } from '../../../../block/backing-read.ts';
import type { BlockDevice } from '../../../../block/device.ts';
import { QedDevice } from '../../../../qed/device.ts';

/**
 * As `contentAt`, but what the topmost image does not store is reported as such.
 * @param ownLayers how many layers of the chain count as the image's own; what lies below them is `missing`
 */
export async function ownContentAt(
  device: BlockDevice,
  ownLayers: number,
  offset: number,
  length: number,
): Promise<Result<Omit<Content, 'depth'> & { missing: boolean }>> {
  if (offset >= device.lengthBytes) return ok({ zero: true, missing: false, length });
  const extent = await device.extentAt(offset, Math.min(length, device.lengthBytes - offset));
  if (!extent.ok) return extent;
  const { kind, length: reach } = extent.value;
  if (kind !== 'unallocated') return ok({ zero: kind === 'zero', missing: false, length: reach });
  const behind = device instanceof QedDevice ? device.backing : null;
  if (ownLayers === 1 || behind === null) return ok({ zero: false, missing: true, length: reach });
  return ownContentAt(behind, ownLayers - 1, offset, reach);
}
