import { DONE, err, ok, type Result } from '../../../shared/result.ts';
import { nodeNameOf, type ImageChain } from '../chain/image-chain.ts';
import { identityOf, resolveBacking } from '../chain/location.ts';
import type { StreamSpec } from './disk-spec.ts';

/** What a stream job is about, in layers of a chain, counted from 0 for the topmost. */
export interface StreamRange {
  /** The layer streamed into. */
  readonly top: number;
  /** The layer it lies on afterwards; null for none. What is between goes out of the chain. */
  readonly base: number | null;
}

type RangeArguments = Pick<
  StreamSpec,
  'device' | 'base' | 'baseNode' | 'bottom' | 'baseLayer' | 'backingFile'
>;

/**
 * Finds the layers that the arguments of `block-stream` mean, in the order and with the messages of
 * `qmp_block_stream` in QEMU 7.2. A device and its topmost layer are one to it.
 */
export function findStreamRange(
  layers: readonly ImageChain[],
  deviceName: string | undefined,
  wanted: RangeArguments,
): Result<StreamRange> {
  const forms = checkForms(wanted);
  if (!forms.ok) return forms;
  const top = findTop(layers, deviceName, wanted.device);
  if (top === null) {
    return err(
      'not-found',
      `Cannot find device='${wanted.device ?? ''}' nor node-name='${wanted.device ?? ''}'`,
    );
  }
  const device = wanted.device ?? deviceName ?? layers[0]?.location ?? '';
  const base = findBase(layers, top, device, wanted);
  if (!base.ok) return base;
  // QEMU looks at `base` and `base-node` only.
  if (wanted.backingFile !== undefined && (base.value === null || wanted.bottom !== undefined)) {
    return err('invalid-argument', 'backing file specified, but streaming the entire chain');
  }
  return ok({ top, base: base.value });
}

function checkForms({ base, baseNode, bottom }: RangeArguments): Result<void> {
  const given = [
    ['base', 'base-node', base, baseNode],
    ['base', 'bottom', base, bottom],
    ['bottom', 'base-node', bottom, baseNode],
  ] as const;
  for (const [one, other, first, second] of given) {
    if (first === undefined || second === undefined) continue;
    return err('invalid-argument', `'${one}' and '${other}' cannot be specified at the same time`);
  }
  return DONE;
}

function findTop(
  layers: readonly ImageChain[],
  deviceName: string | undefined,
  device: string | undefined,
): number | null {
  if (device === undefined || device === deviceName) return 0;
  return indexOfNode(layers, device);
}

function findBase(
  layers: readonly ImageChain[],
  top: number,
  device: string,
  { base, baseNode, bottom, baseLayer }: RangeArguments,
): Result<number | null> {
  if (baseLayer !== undefined) {
    const isThere = baseLayer >= 1 && layers[top + baseLayer] !== undefined;
    const name = layers[top]?.location ?? '';
    return isThere
      ? ok(top + baseLayer)
      : err('invalid-argument', `'${name}' has no layer ${baseLayer} behind it`);
  }
  if (base !== undefined) {
    const index = layers.findIndex((_, depth) => depth > top && isFileOf(layers, depth, base));
    return index < 0 ? err('not-found', `Can't find '${base}' in the backing chain`) : ok(index);
  }
  const node = baseNode ?? bottom;
  if (node === undefined) return ok(null);
  const index = indexOfNode(layers, node);
  if (index === null) return err('not-found', `Cannot find device='' nor node-name='${node}'`);
  if (baseNode !== undefined) {
    return index > top
      ? ok(index)
      : err('invalid-argument', `Node '${node}' is not a backing image of '${device}'`);
  }
  if (index < top) {
    return err('invalid-argument', `Node '${node}' is not in a chain starting from '${device}'`);
  }
  return ok(index + 1 < layers.length ? index + 1 : null);
}

function indexOfNode(layers: readonly ImageChain[], name: string): number | null {
  const index = layers.findIndex((layer) => nodeNameOf(layer) === name);
  return index < 0 ? null : index;
}

/** Whether `name` means the file of a layer: as a path, or as the image in front of it names it. */
function isFileOf(layers: readonly ImageChain[], depth: number, name: string): boolean {
  const [front, layer] = [layers[depth - 1], layers[depth]];
  if (front === undefined || layer === undefined) return false;
  const file = identityOf(layer.location);
  return [name, resolveBacking(front.location, name)].some((meant) => identityOf(meant) === file);
}
