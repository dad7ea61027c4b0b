import { because, err, ok, type Result } from '../../../../shared/result.ts';
import { IMAGE_FORMATS, identityOf } from '../../../storage/chain/location.ts';
import { ProgressLine } from '../../output/progress-line.ts';
import { backingLocation } from './backing-choice.ts';
import { isCacheMode } from './cache-mode.ts';
import { copyDifferences } from './copy/copy-differences.ts';
import { openImage, qedOf, type OpenedImage } from './open-image.ts';
import { EXIT_INTERRUPTED, option, type Given, type Subcommand, type Tool } from './tool.ts';

const OPTIONS = [
  option('format', '-f', 'required'),
  option('backing', '-b', 'required'),
  option('backing-format', '-F', 'required'),
  option('cache', '-t', 'required'),
  option('source-cache', '-T', 'required'),
  option('unsafe', '-u'),
  option('progress', '-p'),
  option('quiet', '-q'),
  option('share', '-U --force-share'),
] as const;
type Arguments = Given<(typeof OPTIONS)[number]['name']>;

/**
 * `rebase [-U] [-q] [-f fmt] [-t cache] [-T src_cache] [-p] [-u] -b backing_file [-F backing_fmt] filename`
 *
 * Safe mode first stores in the image what the new backing file has otherwise, makes that durable, and only then
 * changes the header: whatever interrupts it, the guest's content stays what it was.
 */
export const rebase: Subcommand = async (args, tool) => {
  const given = tool.read(args, OPTIONS);
  if (typeof given === 'number') return given;
  const [name, surplus] = given.operands;
  if (name === undefined || surplus !== undefined) return tool.misuse('Expecting one image file name');
  const unsafe = given.has('unsafe');
  if (!unsafe && !given.has('backing'))
    return tool.misuse('Must specify backing file (-b) or use unsafe mode (-u)');
  for (const [which, what] of [
    ['cache', 'cache'],
    ['source-cache', 'source cache'],
  ] as const) {
    if (!isCacheMode(given.value(which)))
      return tool.fail(`Invalid ${what} option: ${given.value(which) ?? ''}`);
  }
  const opened = await openImage(
    name,
    { format: given.value('format'), readOnly: false, backing: !unsafe },
    tool,
  );
  if (!opened.ok) return tool.fail(`Could not open '${name}': ${opened.failure.message}`);
  const done = await rebaseImage(opened.value, given, tool);
  const closed = await opened.value.device.close();
  if (!done.ok && done.failure.code === 'cancelled') {
    return tool.fail(`interrupted; '${name}' keeps its backing file and its content`, EXIT_INTERRUPTED);
  }
  if (!done.ok) return tool.fail(done.failure.message);
  return closed.ok ? 0 : tool.fail(closed.failure.message);
};

async function rebaseImage(image: OpenedImage, given: Arguments, tool: Tool): Promise<Result<void>> {
  const name = given.value('backing') ?? '';
  const format = given.value('backing-format');
  if (format !== undefined && !IMAGE_FORMATS.some((known) => known === format)) {
    return err('invalid-argument', `Invalid format name: '${format}'`);
  }
  if (given.has('unsafe') || name === '') {
    const checked = name === '' ? ok(undefined) : checkReference(image, name, format);
    if (!checked.ok) return checked;
    const copied = given.has('unsafe') ? ok(undefined) : await copyFor(image, null, given, tool);
    return copied.ok ? setBacking(image, name, format, null) : copied;
  }
  const location = backingLocation(image.location, name);
  const behind = await openImage(location, { format, readOnly: true, backing: true }, tool);
  if (!behind.ok) return because(`Could not open new backing file '${name}'`, behind);
  const looped = behind.value.layers.some(
    (layer) => identityOf(layer.location) === identityOf(image.location),
  );
  const checked = looped ? loopProblem(image, name) : checkReference(image, name, format);
  const copied = checked.ok ? await copyFor(image, behind.value, given, tool) : checked;
  const changed = copied.ok ? await setBacking(image, name, format, behind.value) : copied;
  if (!changed.ok) await behind.value.device.close();
  return changed;
}

function checkReference(image: OpenedImage, name: string, format: string | undefined): Result<void> {
  if (identityOf(backingLocation(image.location, name)) === identityOf(image.location))
    return loopProblem(image, name);
  if (qedOf(image) === null) return cannotChange(name, 'Operation not supported');
  return format === undefined ? cannotChange(name, 'backing format must be specified') : ok(undefined);
}

function loopProblem(image: OpenedImage, name: string) {
  return err(
    'invalid-argument',
    `Could not open new backing file '${name}': it is based on '${image.location}'`,
  );
}

function cannotChange(name: string, why: string) {
  return err('invalid-argument', `Could not change the backing file to '${name}': ${why}`);
}

async function copyFor(
  image: OpenedImage,
  behind: OpenedImage | null,
  given: Arguments,
  tool: Tool,
): Promise<Result<void>> {
  const device = qedOf(image);
  if (device === null) return cannotChange(given.value('backing') ?? '', 'Operation not supported');
  const progress = new ProgressLine(tool.terminal, given.has('progress') && !given.has('quiet'), 1);
  const common = behind === null ? -1 : image.layers.findIndex(sameAs(behind));
  const copied = await copyDifferences(
    { device, behind: behind?.device ?? null, ownLayers: common === -1 ? Infinity : common - 1 },
    progress,
    tool,
  );
  progress.end();
  return copied;
}

function sameAs(other: OpenedImage) {
  return ({ location, format }: OpenedImage['layers'][number]) =>
    format === other.format && identityOf(location) === identityOf(other.location);
}

async function setBacking(
  image: OpenedImage,
  name: string,
  format: string | undefined,
  behind: OpenedImage | null,
): Promise<Result<void>> {
  const reference = name === '' ? null : { name, raw: format === 'raw' };
  const changed = await qedOf(image)?.changeBacking(reference, behind?.device ?? null);
  if (changed === undefined) return cannotChange(name, 'Operation not supported');
  if (changed.ok) return changed;
  if (changed.failure.code === 'no-space' && changed.failure.errno === undefined) {
    return cannotChange(name, 'No space left in the file header');
  }
  const why = changed.failure.code === 'unsupported' ? 'Operation not supported' : changed.failure.message;
  return cannotChange(name, why);
}
