import { DONE, err, type Result } from '../../shared/result.ts';
import type { BlockDevice } from './device.ts';

/** Checks that a request lies inside a device; failure `out-of-range` names the range. */
export function checkRange(
  device: Pick<BlockDevice, 'name' | 'lengthBytes'>,
  offset: number,
  length: number,
): Result<void> {
  if (
    Number.isSafeInteger(offset) &&
    Number.isSafeInteger(length) &&
    offset >= 0 &&
    length >= 0 &&
    offset + length <= device.lengthBytes
  ) {
    return DONE;
  }
  return err(
    'out-of-range',
    `'${device.name}': the range of ${length} bytes at ${offset} is outside the device of ${device.lengthBytes} bytes`,
  );
}

export function readOnlyFailure(device: Pick<BlockDevice, 'name'>) {
  return err('read-only', `'${device.name}' was opened read-only`);
}

export function closedFailure(device: Pick<BlockDevice, 'name'>) {
  return err('closed', `'${device.name}' is closed`);
}
