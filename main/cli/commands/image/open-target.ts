import { because, err, ok, type Result } from '../../../../shared/result.ts';
import type { BlockDevice } from '../../../block/device.ts';
import { isNbdAddress } from '../../../block/nbd/address.ts';
import { RawDevice } from '../../../block/raw.ts';
import { identityOf, localPath, type ImageFormat } from '../../../storage/chain/location.ts';
import { backingLocation, completeBackingFormat } from './backing-choice.ts';
import type { ConvertArguments } from './convert-arguments.ts';
import { openConvertExport } from './convert-export.ts';
import type { ConvertTarget, TargetRequest } from './convert-target.ts';
import { HeldImage } from './held-image.ts';
import { parseImageOptions, setBacking, stringOption, type ImageOptions } from './image-options.ts';
import { openImage, type OpenedImage } from './open-image.ts';
import { createImage } from './target.ts';
import type { Tool } from './tool.ts';

/** Creation options from `-o`, `-B` and `-F`. */
export function targetOptions(
  path: string,
  format: ImageFormat,
  given: ConvertArguments,
  tool: Tool,
): Result<ImageOptions> {
  const options = parseImageOptions(format, given.values('options'));
  if (!options.ok) return options;
  const set = setBacking(options.value, format, given.value('backing'), given.value('backing-format'));
  if (!set.ok) return set;
  completeBackingFormat(path, options.value, tool);
  return options;
}

/** Creates the target, or opens the one that is there: with `-n`, or an export. */
export async function openConvertTarget(
  request: TargetRequest,
  given: ConvertArguments,
  tool: Tool,
): Promise<Result<ConvertTarget>> {
  if (isNbdAddress(request.name)) return openConvertExport(request, given);
  const path = localPath(request.name);
  const backing = stringOption(request.options, 'backing_file');
  const ownLayers =
    backing === undefined ? Infinity : layersAbove(request.sources, backingLocation(path, backing));
  const opened = given.has('no-create')
    ? await openExisting(request, given.has('target-is-zero'), tool)
    : await createTarget(request, path, backing, tool);
  return opened.ok ? ok({ ...opened.value, ownLayers }) : opened;
}

async function createTarget(
  { name, settings, totalBytes, options, durable }: TargetRequest,
  path: string,
  backing: string | undefined,
  tool: Tool,
): Promise<Result<Omit<ConvertTarget, 'ownLayers'>>> {
  const format = stringOption(options, 'backing_fmt');
  if (backing !== undefined) {
    const location = backingLocation(path, backing);
    const behind = await openImage(location, { format, readOnly: true, backing: true }, tool);
    if (!behind.ok) return because(`Could not open '${name}': Could not open backing file`, behind);
    await behind.value.device.close();
  }
  const created = await createImage({
    path,
    format: settings.targetFormat,
    lengthBytes: totalBytes,
    options,
    backing: backing === undefined ? undefined : { name: backing, raw: format === 'raw' },
    durable,
  });
  if (!created.ok) return because(`${name}: error while converting ${settings.targetFormat}`, created);
  return ok({ device: created.value, zero: backing === undefined, release: () => {} });
}

async function openExisting(
  { name, settings, totalBytes, durable }: TargetRequest,
  isZero: boolean,
  tool: Tool,
): Promise<Result<Omit<ConvertTarget, 'ownLayers'>>> {
  const format = settings.targetFormat;
  const probe = await openImage(name, { format, readOnly: true, backing: true }, tool);
  if (!probe.ok) return because(`Could not open '${name}'`, probe);
  await probe.value.device.close();
  if (probe.value.lengthBytes < totalBytes)
    return err('out-of-range', 'output file is smaller than input file');
  const held = HeldImage.hold(name);
  if (!held.ok) return because(`Could not open '${name}'`, held);
  const device = await held.value.open(probe.value.chain, durable);
  const emptied = device.ok ? await emptyRaw(device.value, isZero ? 0 : totalBytes) : device;
  if (device.ok && emptied.ok) {
    return ok({ device: device.value, zero: isZero || emptied.value, release: () => held.value.release() });
  }
  if (device.ok) await device.value.close();
  held.value.release();
  return because(`Could not open '${name}'`, emptied.ok ? err('io', 'it could not be emptied') : emptied);
}

/** Zeroes a raw file by cutting it to nothing first, where all of it will be written; true when that was done. */
async function emptyRaw(device: BlockDevice, totalBytes: number): Promise<Result<boolean>> {
  if (!(device instanceof RawDevice) || device.lengthBytes > totalBytes) return ok(false);
  const { lengthBytes } = device;
  const cut = await device.resize(0);
  if (!cut.ok) return cut;
  const sized = await device.resize(lengthBytes);
  return sized.ok ? ok(true) : sized;
}

/**
 * QEMU copies what the topmost layer stores and trusts that the new backing file has the rest. Where the new backing
 * file is a deeper layer of the source itself, everything above it is copied instead, so that nothing is lost.
 */
function layersAbove([source]: readonly OpenedImage[], backing: string): number {
  const depth =
    source?.layers.findIndex(({ location }) => identityOf(location) === identityOf(backing)) ?? -1;
  return Math.max(1, depth);
}
