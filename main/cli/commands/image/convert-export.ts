import { systemClock } from '../../../../shared/clock.ts';
import { because, err, ok, type Err, type Result } from '../../../../shared/result.ts';
import { openNbdDevice } from '../../../block/nbd/nbd-device.ts';
import type { ConvertArguments } from './convert-arguments.ts';
import type { ConvertTarget, TargetRequest } from './convert-target.ts';
import { stringOption } from './image-options.ts';
import { withoutName } from './open-image.ts';

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
  if (device.value.lengthBytes < totalBytes) {
    await device.value.close();
    return creates
      ? failed(err('out-of-range', 'Cannot grow NBD nodes'))
      : err('out-of-range', 'output file is smaller than input file');
  }
  return ok({
    device: device.value,
    zero: given.has('target-is-zero'),
    ownLayers: Infinity,
    release: () => {},
  });
}
