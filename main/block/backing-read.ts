import { DONE, ok, type Result } from '../../shared/result.ts';
import type { BlockDevice } from './device.ts';
import type { OverlayDevice } from './overlay.ts';

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

function isOverlay(device: BlockDevice): device is OverlayDevice {
  return 'backing' in device;
}

/** How a stretch reads through a whole chain, as far as that is known without reading it. */
export interface Content {
  readonly zero: boolean;
  /** How far this holds, in bytes. */
  readonly length: number;
}

/** Whether `offset` is known to read as zeroes, and for how many of the next `length` bytes the answer holds. */
export async function contentAt(
  device: BlockDevice | null,
  offset: number,
  length: number,
): Promise<Result<Content>> {
  if (device === null || offset >= device.lengthBytes) return ok({ zero: true, length });
  const extent = await device.extentAt(offset, Math.min(length, device.lengthBytes - offset));
  if (!extent.ok) return extent;
  const { kind, length: reach } = extent.value;
  if (kind !== 'unallocated') return ok({ zero: kind === 'zero', length: reach });
  return contentAt(isOverlay(device) ? device.backing : null, offset, reach);
}
