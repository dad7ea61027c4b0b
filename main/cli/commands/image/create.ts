import { err, ok, type Result } from '../../../../shared/result.ts';
import {
  IMAGE_FORMATS,
  identityOf,
  isRemote,
  localPath,
  resolveBacking,
  type ImageFormat,
} from '../../../storage/chain/location.ts';
import { asksForHelp, parseOptionString } from '../../arguments/option-string.ts';
import { backingLocation, completeBackingFormat, guessedFormat } from './backing-choice.ts';
import {
  formattingLine,
  optionsHelp,
  parseImageOptions,
  setBacking,
  sizeOption,
  stringOption,
  type ImageOptions,
} from './image-options.ts';
import { locationProblem, openImage } from './open-image.ts';
import { createImage } from './target.ts';
import { option, type Given, type Subcommand, type Tool } from './tool.ts';

const OPTIONS = [
  option('format', '-f', 'required'),
  option('backing', '-b', 'required'),
  option('backing-format', '-F', 'required'),
  option('unsafe', '-u'),
  option('options', '-o', 'required'),
  option('quiet', '-q'),
] as const;
type Arguments = Given<(typeof OPTIONS)[number]['name']>;

/** `create [-q] [-f fmt] [-b backing_file [-F backing_fmt]] [-u] [-o options] filename [size]` */
export const create: Subcommand = async (args, tool) => {
  const given = tool.read(args, OPTIONS);
  if (typeof given === 'number') return given;
  const [name, sizeText, surplus] = given.operands;
  const texts = given.values('options');
  const invalid = texts.map(parseOptionString).find((parsed) => !parsed.ok);
  if (invalid?.ok === false) return tool.fail(invalid.failure.message);
  const formatName = given.value('format') ?? 'raw';
  const format = IMAGE_FORMATS.find((known) => known === formatName);
  if (texts.some(asksForHelp)) {
    if (format === undefined) return tool.fail(`Unknown file format '${formatName}'`);
    tool.terminal.out(optionsHelp(format, name !== undefined));
    return 0;
  }
  if (name === undefined) return tool.misuse('Expecting image file name');
  const size = sizeText === undefined ? ok(undefined) : tool.size('image size', sizeText);
  if (!size.ok) return tool.fail(size.failure.message);
  if (surplus !== undefined) return tool.misuse(`Unexpected argument: ${surplus}`);
  if (format === undefined) return tool.fail(`${name}: Unknown file format '${formatName}'`);

  if (given.value('format') === undefined && name.toLowerCase().endsWith('.qed')) {
    tool.warn(`'${name}' becomes a raw image, as with qemu-img: say -f qed for a QED image`);
  }
  const options = creationOptions(name, format, size.value, given);
  if (!options.ok) return tool.fail(`${name}: ${options.failure.message}`);
  completeBackingFormat(name, options.value, tool);
  const sized = await findSize(name, options.value, given.has('unsafe'), tool);
  if (!sized.ok) return tool.fail(`${name}: ${sized.failure.message}`);
  if (!given.has('quiet')) tool.terminal.out(formattingLine(name, format, options.value));
  const created = await write(localPath(name), format, sized.value, options.value);
  return created.ok ? 0 : tool.fail(`${name}: ${created.failure.message}`);
};

function creationOptions(
  name: string,
  format: ImageFormat,
  sizeBytes: number | undefined,
  given: Arguments,
): Result<ImageOptions> {
  if (isRemote(name)) {
    const protocol = name.slice(0, name.indexOf(':'));
    return err('unsupported', `Protocol driver '${protocol}' does not support image creation`);
  }
  const problem = localPath(name) === '' ? null : locationProblem(name);
  if (problem?.startsWith('Unknown protocol') === true) return err('invalid-argument', problem);
  const options = parseImageOptions(format, given.values('options'));
  if (!options.ok) return options;
  if (sizeBytes !== undefined) {
    if (options.value.has('size'))
      return err('invalid-argument', 'The image size must be specified only once');
    options.value.set('size', sizeBytes);
  }
  const set = setBacking(options.value, format, given.value('backing'), given.value('backing-format'));
  if (!set.ok) return set;
  const backing = stringOption(options.value, 'backing_file');
  if (backing === '') return err('invalid-argument', 'Expected backing file name, got empty string');
  if (backing !== undefined && identityOf(resolveBacking(name, backing)) === identityOf(name)) {
    const message = 'Error: Trying to create an image with the same filename as the backing file';
    return err('invalid-argument', message);
  }
  return options;
}

/** The size of the new image: given, or that of the backing file, which must be there unless the user said `-u`. */
async function findSize(
  name: string,
  options: ImageOptions,
  unsafe: boolean,
  tool: Tool,
): Promise<Result<number>> {
  const backing = stringOption(options, 'backing_file');
  const format = stringOption(options, 'backing_fmt');
  if (backing !== undefined) {
    const noFormat = 'Backing file specified without backing format';
    if (unsafe && format === undefined) return err('invalid-argument', noFormat);
    const length = unsafe ? ok(undefined) : await backingLength(name, backing, format, tool);
    if (!length.ok) return length;
    if (format === undefined) {
      const guess = guessedFormat(backingLocation(name, backing));
      return err('invalid-argument', `${noFormat}\nDetected format of ${guess}.`);
    }
    if (length.value !== undefined && !options.has('size')) options.set('size', length.value);
  }
  const size = sizeOption(options, 'size');
  return size === undefined ? err('invalid-argument', 'Image creation needs a size parameter') : ok(size);
}

async function backingLength(
  name: string,
  backing: string,
  format: string | undefined,
  tool: Tool,
): Promise<Result<number>> {
  const location = backingLocation(name, backing);
  const opened = await openImage(location, { format, readOnly: true, backing: true }, tool);
  if (!opened.ok) {
    return err(opened.failure.code, `${opened.failure.message}\nCould not open backing image.`);
  }
  const { lengthBytes } = opened.value;
  const closed = await opened.value.device.close();
  return closed.ok ? ok(lengthBytes) : closed;
}

async function write(
  path: string,
  format: ImageFormat,
  lengthBytes: number,
  options: ImageOptions,
): Promise<Result<void>> {
  const backingFormat = stringOption(options, 'backing_fmt');
  const backingName = stringOption(options, 'backing_file');
  if (backingFormat !== undefined && !IMAGE_FORMATS.some((known) => known === backingFormat)) {
    return err('invalid-argument', `Parameter 'backing-fmt' does not accept value '${backingFormat}'`);
  }
  const backing = backingName === undefined ? undefined : { name: backingName, raw: backingFormat === 'raw' };
  const created = await createImage({ path, format, lengthBytes, options, backing, durable: true });
  return created.ok ? created.value.close() : created;
}
