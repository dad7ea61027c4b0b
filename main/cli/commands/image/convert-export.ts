import { systemClock } from '../../../../shared/clock.ts';
import { because, err, ok, type Err, type Result } from '../../../../shared/result.ts';
import { readPadded } from '../../../block/backing-read.ts';
import type { BlockDevice } from '../../../block/device.ts';
import { openNbdDevice } from '../../../block/nbd/nbd-device.ts';
import type { ConvertArguments } from './convert-arguments.ts';
import type { ConvertTarget, TargetRequest } from './convert-target.ts';
import { stringOption } from './image-options.ts';
import { withoutName, type OpenedImage } from './open-image.ts';

/**
 * Opens an NBD export as the target of a conversion. It is there already and keeps its size: what lies behind the end
 * of the sources stays as it is. Without `-n` QEMU "creates" it by looking whether it is large enough, and words its
 * failures accordingly.
 */
export async function openConvertExport(
  request: TargetRequest,
  given: ConvertArguments,
): Promise<Result<ConvertTarget>> {
  const { name, settings, totalBytes } = request;
  const creates = !given.has('no-create');
  const failed = (failure: Err): Err =>
    because(
      creates ? `${name}: error while converting ${settings.targetFormat}` : `Could not open '${name}'`,
      failure,
    );
  if (settings.targetFormat !== 'raw') {
    return failed(err('unsupported', 'an export cannot grow, as QED images do: use -O raw'));
  }
  const preallocation = stringOption(request.options, 'preallocation') ?? 'off';
  if (preallocation !== 'off') {
    return failed(err('invalid-argument', `Unsupported preallocation mode '${preallocation}'`));
  }
  const options = { clock: systemClock, readOnly: false, connections: settings.parallel };
  const device = await openNbdDevice(name, options);
  if (!device.ok) return failed(withoutName(device, name));
  if (device.value.lengthBytes < totalBytes - paddingOf(request.sources)) {
    await device.value.close();
    return creates
      ? failed(err('out-of-range', 'Cannot grow NBD nodes'))
      : err('out-of-range', 'output file is smaller than input file');
  }
  return ok({
    device: device.value.lengthBytes < totalBytes ? takingZeroes(device.value, totalBytes) : device.value,
    zero: given.has('target-is-zero'),
    ownLayers: Infinity,
    release: () => {},
  });
}

/** What an image is longer than its content by: images have whole sectors, filled up with zeroes. */
function paddingOf(sources: readonly OpenedImage[]): number {
  const last = sources.at(-1);
  return last === undefined ? 0 : Math.max(0, last.lengthBytes - last.device.lengthBytes);
}

/** A device that takes zeroes for behind its end as well, up to a length, and has no use for them. */
function takingZeroes(device: BlockDevice, lengthBytes: number): BlockDevice {
  const within = (offset: number, length: number) =>
    Math.max(0, Math.min(length, device.lengthBytes - offset));
  return {
    ...{ name: device.name, readOnly: device.readOnly, remote: device.remote, lengthBytes },
    read: (offset, target) => readPadded(device, offset, target),
    write: (offset, data) => device.write(offset, data.subarray(0, within(offset, data.length))),
    writeZeroes: (offset, length) => device.writeZeroes(offset, within(offset, length)),
    discard: (offset, length) => device.discard(offset, within(offset, length)),
    extentAt: (offset, length) => device.extentAt(offset, within(offset, length)),
    flush: () => device.flush(),
    close: () => device.close(),
  };
}
