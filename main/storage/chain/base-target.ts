import { DONE, err, ok, type Result } from '../../../shared/result.ts';
import type { BlockDevice } from '../../block/device.ts';
import { rangeEnd, type Range } from '../../block/range.ts';
import { QedDevice } from '../../qed/device.ts';
import type { BackingReference } from '../../qed/image.ts';
import type { StreamTarget } from '../../streaming/job/stream-target.ts';

/** What a partially streamed overlay is to lie on afterwards. */
export interface NewBase {
  readonly reference: BackingReference;
  /** Opens the base anew: the device it was part of is closed with the images in between. */
  open(): Promise<Result<BlockDevice>>;
}

/**
 * Streams into `overlay` what the layers between it and a base hold, and puts it onto that base: `block-stream` with
 * `base`. What only the base holds stays there.
 *
 * @param between the layers above the base, topmost first; empty when the overlay lies on the base already
 */
export function baseTarget(
  overlay: QedDevice,
  between: readonly QedDevice[],
  base: NewBase,
): Result<StreamTarget> {
  if (overlay.readOnly) return err('read-only', 'Block node is read-only');
  return ok({
    name: overlay.name,
    lengthBytes: between.length === 0 ? 0 : overlay.lengthBytes,
    clusterBytes: overlay.clusterBytes,
    remote: between.some((layer) => layer.remote),
    findMissing: (from, to, mostBytes) => findHeldBetween(overlay, between, { from, to, mostBytes }),
    populate: (ranges) => overlay.populate(ranges),
    finish: async () => {
      if (between.length === 0) return DONE;
      const device = await base.open();
      if (!device.ok) return device;
      const shortest = Math.min(...between.map((layer) => layer.lengthBytes));
      const visible = Math.min(device.value.lengthBytes, overlay.lengthBytes);
      if (visible <= shortest) return overlay.changeBacking(base.reference, device.value);
      // Past the end of a layer the guest reads zeroes; on the longer base it would read what the base has there.
      await device.value.close();
      return err(
        'unsupported',
        `'${base.reference.name}' is longer than an image between it and '${overlay.name}'`,
      );
    },
  });
}

/** The first run that the overlay lacks and a layer in between holds. */
async function findHeldBetween(
  overlay: QedDevice,
  between: readonly QedDevice[],
  { from, to, mostBytes }: { from: number; to: number; mostBytes: number | undefined },
): Promise<Result<Range | null>> {
  for (let at = from; ;) {
    const missing = await overlay.findMissing(at, to, mostBytes);
    if (!missing.ok || missing.value === null) return missing;
    const end = rangeEnd(missing.value);
    const held = await firstHeld(between, missing.value);
    if (!held.ok || held.value !== null) return held;
    at = end;
  }
}

async function firstHeld(between: readonly QedDevice[], range: Range): Promise<Result<Range | null>> {
  let start: number | null = null;
  for (let at = range.offset; at < rangeEnd(range);) {
    const state = await heldAt(between, at, rangeEnd(range) - at);
    if (!state.ok) return state;
    if (state.value.held) start ??= at;
    else if (start !== null) return ok({ offset: start, length: at - start });
    at += state.value.length;
  }
  return ok(start === null ? null : { offset: start, length: rangeEnd(range) - start });
}

/** Whether any layer holds `offset` itself, and for how far the answer is the same. */
async function heldAt(
  layers: readonly QedDevice[],
  offset: number,
  length: number,
): Promise<Result<{ held: boolean; length: number }>> {
  let reach = length;
  for (const layer of layers) {
    if (offset >= layer.lengthBytes) continue;
    const extent = await layer.extentAt(offset, Math.min(reach, layer.lengthBytes - offset));
    if (!extent.ok) return extent;
    reach = extent.value.length;
    if (extent.value.kind !== 'unallocated') return ok({ held: true, length: reach });
  }
  return ok({ held: false, length: reach });
}
