import { err, type Result } from '../../../../shared/result.ts';
import { isAligned, SECTOR_BYTES } from '../../../../shared/units.ts';
import type { BlockDevice } from '../../../block/device.ts';
import { RawDevice } from '../../../block/raw.ts';
import { QedDevice } from '../../../qed/device.ts';

/** Changes the guest size of an open image; what is added reads as zeroes. Failures are worded as QEMU does. */
export async function changeLength(device: BlockDevice, lengthBytes: number): Promise<Result<void>> {
  if (device instanceof QedDevice) {
    if (lengthBytes < device.lengthBytes)
      return err('unsupported', 'Shrinking images is currently not supported');
    const most = Math.min(device.image.geometry.maxImageBytes, Number.MAX_SAFE_INTEGER);
    const fits = lengthBytes <= most && isAligned(lengthBytes, SECTOR_BYTES);
    return fits ? device.resize(lengthBytes) : err('invalid-argument', 'Invalid image size specified');
  }
  if (!(device instanceof RawDevice))
    return err('unsupported', 'Image format driver does not support resize');
  const tooLarge = err('no-space', 'Could not resize file: File too large', { errno: 'EFBIG' });
  if (!Number.isSafeInteger(lengthBytes)) return tooLarge;
  const resized = await device.resize(lengthBytes);
  return resized.ok || resized.failure.errno !== 'EFBIG' ? resized : tooLarge;
}
