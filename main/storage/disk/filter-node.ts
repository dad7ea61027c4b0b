import { DONE, err, type Result } from '../../../shared/result.ts';
import { nodeNameOf, type ImageChain } from '../chain/image-chain.ts';

/** Longest name of a node in QEMU, in bytes. */
const MAX_NAME_BYTES = 31;

/** Whether QEMU could give this name to the filter node it puts above the layer it streams into. */
export function checkFilterName(
  name: string | undefined,
  layers: readonly ImageChain[],
  deviceName: string | undefined,
): Result<void> {
  if (name === undefined) return DONE;
  if (!/^[A-Za-z][A-Za-z0-9._-]*$/.test(name)) return refused(`Invalid node-name: '${name}'`);
  if (name === deviceName) return refused(`node-name=${name} is conflicting with a device id`);
  if (layers.some((layer) => nodeNameOf(layer) === name)) {
    return refused(`Duplicate nodes with node-name='${name}'`);
  }
  return name.length > MAX_NAME_BYTES ? refused('Node name too long') : DONE;
}

function refused(why: string): Result<void> {
  return err('invalid-argument', `Could not create node: ${why}`);
}
