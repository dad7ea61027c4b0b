import { because, err, type Result } from '../../../../shared/result.ts';
import { isNbdAddress } from '../../../block/nbd/address.ts';
import { identityOf, isRemote, localPath } from '../../../storage/chain/location.ts';
import { asksForHelp } from '../../arguments/option-string.ts';
import { ProgressLine } from '../../output/progress-line.ts';
import { isDurable } from './cache-mode.ts';
import {
  CONVERT_OPTIONS,
  convertSettings,
  type ConvertArguments,
  type ConvertSettings,
} from './convert-arguments.ts';
import type { ConvertTarget } from './convert-target.ts';
import { openConvertTarget, targetOptions } from './open-target.ts';
import { copyImages } from './copy/copy-images.ts';
import { optionsHelp, type ImageOptions } from './image-options.ts';
import { openImage, type OpenedImage } from './open-image.ts';
import { EXIT_INTERRUPTED, type Subcommand, type Tool } from './tool.ts';

/** `convert [-f fmt] [-O output_fmt] [-B backing_file [-F backing_fmt]] [-o options] ... filename [...] output_filename` */
export const convert: Subcommand = async (args, tool) => {
  const given = tool.read(args, CONVERT_OPTIONS);
  if (typeof given === 'number') return given;
  const settings = convertSettings(given, tool);
  if (!settings.ok) return tool.fail(settings.failure.message);
  const names = given.operands.slice(0, -1);
  const target = given.operands.at(-1);
  if (given.values('options').some(asksForHelp)) {
    tool.terminal.out(optionsHelp(settings.value.targetFormat, target !== undefined));
    return 0;
  }
  if (target === undefined || names.length === 0) return tool.fail('Must specify image file name');
  const sources: OpenedImage[] = [];
  try {
    for (const name of names) {
      const opened = await openImage(
        name,
        { format: given.value('format'), readOnly: true, backing: true },
        tool,
      );
      if (!opened.ok) return tool.fail(`Could not open '${name}': ${opened.failure.message}`);
      sources.push(opened.value);
    }
    const done = await convertTo(target, sources, settings.value, given, tool);
    if (done.ok) return 0;
    if (done.failure.code === 'cancelled')
      return tool.fail(`interrupted; '${target}' is incomplete`, EXIT_INTERRUPTED);
    return tool.fail(done.failure.message);
  } finally {
    for (const source of sources) await source.device.close();
  }
};

async function convertTo(
  name: string,
  sources: readonly OpenedImage[],
  settings: ConvertSettings,
  given: ConvertArguments,
  tool: Tool,
): Promise<Result<void>> {
  const options = checkTarget(name, sources, settings, given, tool);
  if (!options.ok) return options;
  const total = sources.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
  const progress = new ProgressLine(tool.terminal, given.has('progress') && !given.has('quiet'), 1);
  const durable = isDurable(given.value('cache'), 'unsafe');
  const request = { name, settings, sources, totalBytes: total, options: options.value, durable };
  const target = await openConvertTarget(request, given, tool);
  if (!target.ok) return target;
  const copied = await copyImages(
    sources,
    target.value,
    { ...settings, salvage: given.has('salvage') },
    progress,
    tool,
  );
  const closed = await finish(target.value);
  progress.end();
  return copied.ok ? closed : copied;
}

async function finish(target: ConvertTarget): Promise<Result<void>> {
  const flushed = await target.device.flush();
  const closed = await target.device.close();
  target.release();
  return flushed.ok ? closed : flushed;
}

function checkTarget(
  name: string,
  sources: readonly OpenedImage[],
  { targetFormat }: ConvertSettings,
  given: ConvertArguments,
  tool: Tool,
): Result<ImageOptions> {
  const failing = `${name}: error while converting ${targetFormat}`;
  if (isRemote(name) && !isNbdAddress(name)) {
    return err('read-only', `${failing}: a file on a web server cannot be written`);
  }
  if (given.has('no-create') && given.has('options')) {
    return err('invalid-argument', '-o has no effect when skipping image creation');
  }
  const options = targetOptions(localPath(name), targetFormat, given, tool);
  if (!options.ok) return options;
  const backed = options.value.has('backing_file');
  if (sources.length > 1 && backed) {
    const message =
      'Having a backing file for the target makes no sense when concatenating multiple input images';
    return err('invalid-argument', message);
  }
  if (backed && !options.value.has('backing_fmt') && !given.has('no-create')) {
    return err('invalid-argument', 'Use of backing file requires explicit backing format');
  }
  if (given.has('compress')) return err('unsupported', 'Compression not supported for this file format');
  const identity = identityOf(name);
  const used = sources
    .flatMap(({ layers }) => layers)
    .some(({ location }) => identityOf(location) === identity);
  return used ? because(failing, err('busy', `'${name}' is a source of this conversion`)) : options;
}
