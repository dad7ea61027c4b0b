import { assertNever, ok, type Result } from '../../../shared/result.ts';
import { backingOf, contentAt } from '../../block/backing-read.ts';
import type { BlockDevice } from '../../block/device.ts';
import { ALLOCATION_STATE, CONTEXT, SOURCE_STATE } from '../../block/nbd/protocol.ts';
import type { Descriptor } from './replies.ts';

/** What clients may ask about ranges, in the order they are listed. */
export const CONTEXTS = Object.values(CONTEXT);
export type ContextName = (typeof CONTEXTS)[number];

export function isContext(name: string): name is ContextName {
  return CONTEXTS.some((known) => known === name);
}

/** Stretches told in one answer; a client asks again for what is behind them. */
const MOST_DESCRIPTORS = 2048;
/** Look-ups for one answer, so that a chopped image does not hold up others for long. */
const MOST_STEPS = 16_384;

/** The states of a range in one context, neighbours in the same state told as one. Covers at least its beginning. */
export async function statusOf(
  context: ContextName,
  device: BlockDevice,
  range: { readonly offset: number; readonly length: number },
  onlyOne: boolean,
): Promise<Result<Descriptor[]>> {
  const descriptors: { length: number; flags: number }[] = [];
  const end = range.offset + range.length;
  let steps = 0;
  for (let offset = range.offset; offset < end && steps < MOST_STEPS; steps++) {
    const found = await stateAt(context, device, offset, end - offset);
    if (!found.ok) return descriptors.length === 0 ? found : ok(descriptors);
    const { length, flags } = found.value;
    const last = descriptors.at(-1);
    if (last?.flags === flags) last.length += length;
    else if (descriptors.length === (onlyOne ? 1 : MOST_DESCRIPTORS)) break;
    else descriptors.push({ length, flags });
    offset += length;
  }
  return ok(descriptors);
}

async function stateAt(
  context: ContextName,
  device: BlockDevice,
  offset: number,
  length: number,
): Promise<Result<Descriptor>> {
  if (context === CONTEXT.source) return sourceAt(device, offset, length);
  const content = await contentAt(device, offset, length);
  if (!content.ok) return content;
  const { zero, depth, length: reach } = content.value;
  switch (context) {
    case CONTEXT.allocation:
      // A cluster that is known to be zero has no space of its own.
      return ok({ length: reach, flags: zero ? ALLOCATION_STATE.hole | ALLOCATION_STATE.zero : 0 });
    case CONTEXT.depth:
      return ok({ length: reach, flags: depth });
    default:
      return assertNever(context);
  }
}

/** What lies past the end of a shorter backing file is never missing: it is zero either way. */
async function sourceAt(device: BlockDevice, offset: number, length: number): Promise<Result<Descriptor>> {
  const extent = await device.extentAt(offset, length);
  if (!extent.ok) return extent;
  const reach = extent.value.length;
  const behind = backingOf(device);
  if (extent.value.kind !== 'unallocated' || behind === null || offset >= behind.lengthBytes) {
    return ok({ length: reach, flags: 0 });
  }
  const flags = SOURCE_STATE.missing | (behind.remote ? SOURCE_STATE.remote : 0);
  return ok({ length: Math.min(reach, behind.lengthBytes - offset), flags });
}
