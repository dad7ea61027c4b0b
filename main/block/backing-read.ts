import { DONE, ok, type Result } from '../../shared/result.ts';
import type { BlockDevice } from './device.ts';

/** Reads from a device that may be shorter than its overlay: what lies past its end is zeroes. */
export async function readPadded(
  device: BlockDevice | null,
  offset: number,
  target: Uint8Array,
): Promise<Result<void>> {
  const available = device === null ? 0 : Math.max(0, Math.min(target.length, device.lengthBytes - offset));
  if (available < target.length) target.fill(0, available);
  if (device === null || available === 0) return DONE;
  return device.read(offset, available === target.length ? target : target.subarray(0, available));
}

/** A device that takes from another one what it does not store itself. */
interface Layered {
  readonly backing: BlockDevice | null;
}

/** What lies directly behind a device, as far as the device tells. */
export function backingOf(device: BlockDevice): BlockDevice | null {
  return 'backing' in device ? (device as BlockDevice & Layered).backing : null;
}

/** How a stretch reads through a whole chain, as far as that is known without reading it. */
export interface Content {
  readonly zero: boolean;
  /** The layer that decides, counted from 1 for the topmost; 0 where none stores anything. */
  readonly depth: number;
  /** How far this holds, in bytes. */
  readonly length: number;
}

/** Whether `offset` is known to read as zeroes, and for how many of the next `length` bytes the answer holds. */
export async function contentAt(
  device: BlockDevice | null,
  offset: number,
  length: number,
): Promise<Result<Content>> {
  let reach = length;
  let depth = 0;
  for (let layer = device; layer !== null; layer = backingOf(layer)) {
    depth++;
    // A layer that is too short decides as well: what is behind it does not show there.
    if (offset >= layer.lengthBytes) return ok({ zero: true, depth, length: reach });
    const extent = await layer.extentAt(offset, Math.min(reach, layer.lengthBytes - offset));
    if (!extent.ok) return extent;
    reach = extent.value.length;
    const { kind } = extent.value;
    if (kind !== 'unallocated') return ok({ zero: kind === 'zero', depth, length: reach });
  }
  return ok({ zero: true, depth: 0, length: reach });
}
