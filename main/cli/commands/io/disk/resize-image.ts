import { DONE, err, type Result } from '../../../../../shared/result.ts';
import { isAligned, SECTOR_BYTES } from '../../../../../shared/units.ts';
import { QedDevice } from '../../../../qed/device.ts';
import { errorText } from '../error-text.ts';
import type { SectorDevice } from './sector-device.ts';

export const PREALLOCATION_MODES = ['off', 'metadata', 'falloc', 'full'] as const;
export type Preallocation = (typeof PREALLOCATION_MODES)[number];

/** Sets the size of an image; failures use QEMU's words. */
export async function resizeImage(
  image: QedDevice | SectorDevice,
  lengthBytes: number,
  preallocation: Preallocation,
): Promise<Result<void>> {
  const possible =
    image instanceof QedDevice
      ? checkQed(image, lengthBytes, preallocation)
      : checkRaw(image, lengthBytes, preallocation);
  if (!possible.ok) return possible;
  const before = image.lengthBytes;
  const resized = await image.resize(lengthBytes);
  if (!resized.ok) {
    return err(resized.failure.code, `Could not resize file: ${errorText(resized.failure)}`);
  }
  // Reserving space without writing to it is not to be had from Node; writing zeroes reserves it too.
  return preallocation === 'off' || lengthBytes <= before
    ? DONE
    : image.writeZeroes(before, lengthBytes - before);
}

function checkQed(image: QedDevice, lengthBytes: number, preallocation: Preallocation): Result<void> {
  if (preallocation !== 'off') {
    return err('unsupported', `Unsupported preallocation mode '${preallocation}'`);
  }
  const { maxImageBytes } = image.image.geometry;
  if (!isAligned(lengthBytes, SECTOR_BYTES) || lengthBytes > maxImageBytes || tooLarge(lengthBytes)) {
    return err('invalid-argument', 'Invalid image size specified');
  }
  if (lengthBytes < image.lengthBytes) {
    return err('unsupported', 'Shrinking images is currently not supported');
  }
  return DONE;
}

function checkRaw(image: SectorDevice, lengthBytes: number, preallocation: Preallocation): Result<void> {
  if (preallocation === 'metadata') return err('unsupported', 'Unsupported preallocation mode: metadata');
  if (preallocation !== 'off' && lengthBytes < image.lengthBytes) {
    return err('unsupported', 'Cannot use preallocation for shrinking files');
  }
  return tooLarge(lengthBytes) ? err('no-space', 'Could not resize file: File too large') : DONE;
}

function tooLarge(lengthBytes: number): boolean {
  return lengthBytes > Number.MAX_SAFE_INTEGER;
}
