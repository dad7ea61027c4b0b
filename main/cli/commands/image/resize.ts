import { DONE, type Result } from '../../../../shared/result.ts';
import { parseOptionSize } from './image-options.ts';
import { changeLength } from './grow.ts';
import { openImage, type OpenedImage } from './open-image.ts';
import { fill } from './target.ts';
import { option, type Subcommand, type Tool } from './tool.ts';

const OPTIONS = [
  option('format', '-f', 'required'),
  option('quiet', '-q'),
  option('preallocation', '--preallocation', 'required'),
  option('shrink', '--shrink'),
] as const;

const PREALLOCATION = ['off', 'metadata', 'falloc', 'full'];

/** `resize [-f fmt] [--preallocation=prealloc] [-q] [--shrink] filename [+ | -]size` */
export const resize: Subcommand = async (args, tool) => {
  // The size comes last and may begin with a minus, so it is taken away before options are looked for.
  const sizeText = args.at(-1) ?? '';
  const asksForHelp = args.some((arg) => arg === '-h' || arg === '--help');
  if (args.length < 2 && !asksForHelp) return tool.misuse('Not enough arguments');
  const given = tool.read(asksForHelp ? args : args.slice(0, -1), OPTIONS);
  if (typeof given === 'number') return given;
  const preallocation = given.value('preallocation') ?? 'off';
  if (!PREALLOCATION.includes(preallocation))
    return tool.fail(`Invalid preallocation mode '${preallocation}'`);
  const [name, surplus] = given.operands;
  if (name === undefined || surplus !== undefined) return tool.misuse('Expecting image file name and size');
  const sign = /^[+-]/.exec(sizeText)?.[0];
  const size = parseOptionSize('size', sign === undefined ? sizeText : sizeText.slice(1));
  if (!size.ok) return tool.fail(size.failure.message);

  const opened = await openImage(
    name,
    { format: given.value('format'), readOnly: false, backing: true },
    tool,
  );
  if (!opened.ok) return tool.fail(`Could not open '${name}': ${opened.failure.message}`);
  const image = opened.value;
  const base = sign === undefined ? 0 : image.lengthBytes;
  const total = sign === '-' ? base - size.value : base + size.value;
  const problem = problemWith(image, total, preallocation, given.has('shrink'), tool);
  const done = problem === null ? await apply(image, total, preallocation !== 'off') : DONE;
  const closed = await image.device.close();
  if (problem !== null) return problem;
  const ended = done.ok ? closed : done;
  if (!ended.ok) return tool.fail(ended.failure.message);
  if (!given.has('quiet')) tool.terminal.out('Image resized.\n');
  return 0;
};

/** Says what speaks against the new size and returns the exit code; null when nothing does. */
function problemWith(
  image: OpenedImage,
  total: number,
  preallocation: string,
  shrink: boolean,
  tool: Tool,
): number | null {
  if (total <= 0 || total >= 2 ** 63) return tool.fail('New image size must be positive');
  if (total <= image.lengthBytes && preallocation !== 'off') {
    return tool.fail('Preallocation can only be used for growing images');
  }
  if (total < image.lengthBytes && !shrink) {
    tool.note('Use the --shrink option to perform a shrink operation.');
    tool.warn(
      `Shrinking an image will delete all data beyond the shrunken image's end. ` +
        `Before performing such an operation, make sure there is no important data there.`,
    );
    return 1;
  }
  if (preallocation === 'off') return null;
  if (image.format === 'qed') return tool.fail(`Unsupported preallocation mode '${preallocation}'`);
  return preallocation === 'metadata' ? tool.fail(`Unsupported preallocation mode: ${preallocation}`) : null;
}

async function apply(image: OpenedImage, total: number, preallocate: boolean): Promise<Result<void>> {
  const { device } = image;
  const before = device.lengthBytes;
  const resized = await changeLength(device, total);
  const filled = resized.ok && preallocate ? await fill(device, before, total) : resized;
  return filled.ok ? device.flush() : filled;
}
