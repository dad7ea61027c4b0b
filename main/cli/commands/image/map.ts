import { systemClock } from '../../../../shared/clock.ts';
import { ok, type Result } from '../../../../shared/result.ts';
import { WorkSlices } from '../../../../shared/work-slices.ts';
import { BlockStatusReader, type BlockStatus } from './block-status.ts';
import { openImage, type OpenedImage } from './open-image.ts';
import { EXIT_INTERRUPTED, option, outputForm, OUTPUT_PROBLEM, type Subcommand, type Tool } from './tool.ts';

const OPTIONS = [
  option('format', '-f --format', 'required'),
  option('output', '--output', 'required'),
  option('start', '-s --start-offset', 'required'),
  option('length', '-l --max-length', 'required'),
  option('share', '-U --force-share'),
] as const;

/** Fragmented images have hundreds of thousands of entries: they are not printed one by one. */
const FLUSH_AT_CHARACTERS = 64 * 1024;

interface MapEntry extends BlockStatus {
  readonly start: number;
}

/** `map [-f fmt] [--start-offset=offset] [--max-length=len] [--output=ofmt] [-U] filename` */
export const map: Subcommand = async (args, tool) => {
  const given = tool.read(args, OPTIONS);
  if (typeof given === 'number') return given;
  const start = tool.size('start offset', given.value('start') ?? '0');
  if (!start.ok) return tool.fail(start.failure.message);
  const lengthText = given.value('length');
  const length = lengthText === undefined ? ok(Infinity) : tool.size('max length', lengthText);
  if (!length.ok) return tool.fail(length.failure.message);
  const [name, surplus] = given.operands;
  if (name === undefined || surplus !== undefined) return tool.misuse('Expecting one image file name');
  const form = outputForm(given.value('output'));
  if (form === null) return tool.fail(OUTPUT_PROBLEM);
  const opened = await openImage(
    name,
    { format: given.value('format'), readOnly: true, backing: true },
    tool,
  );
  if (!opened.ok) return tool.fail(`Could not open '${name}': ${opened.failure.message}`);
  try {
    const end = Math.min(start.value + length.value, opened.value.lengthBytes);
    return await printMap(opened.value, start.value, end, form, tool);
  } finally {
    await opened.value.device.close();
  }
};

async function printMap(
  image: OpenedImage,
  start: number,
  end: number,
  form: 'human' | 'json',
  tool: Tool,
): Promise<number> {
  const { terminal } = tool;
  let text = form === 'json' ? '[' : humanRow('Offset', 'Length', 'Mapped to', 'File');
  const print = (entry: MapEntry, last: boolean) => {
    if (form === 'json') text += `${jsonEntry(entry)}${last ? '' : ',\n'}`;
    else if (entry.data && !entry.zero) {
      const file = image.layers[entry.depth]?.location ?? '';
      text += humanRow(hex(entry.start), hex(entry.length), hex(entry.fileOffset ?? 0), file);
    }
    if (text.length < FLUSH_AT_CHARACTERS) return;
    terminal.out(text);
    text = '';
  };
  const walked = await walk(image, start, end, print, tool);
  terminal.out(text);
  if (!walked.ok && walked.failure.code === 'cancelled') return EXIT_INTERRUPTED;
  if (!walked.ok) return tool.fail(`Could not read file metadata: ${walked.failure.message}`);
  if (form === 'json') terminal.out(']\n');
  return 0;
}

/** Visits the entries of `[start, end)`, each as long as it can be; an empty range is one empty entry. */
async function walk(
  image: OpenedImage,
  start: number,
  end: number,
  visit: (entry: MapEntry, last: boolean) => void,
  tool: Tool,
): Promise<Result<void>> {
  const status = new BlockStatusReader(image);
  const slices = new WorkSlices(systemClock);
  const nothing = { length: 0, data: false, zero: false, allocated: false, fileOffset: null, depth: 0 };
  let current: MapEntry = { start, ...nothing };
  for (let offset = start; offset < end;) {
    await slices.next();
    if (tool.interrupted) return { ok: false, failure: { code: 'cancelled', message: 'interrupted' } };
    const found = await status.at(offset, end - offset);
    if (!found.ok) return found;
    const next: MapEntry = { start: offset, ...found.value };
    offset += next.length;
    if (continues(current, next)) current = { ...current, length: current.length + next.length };
    else {
      if (current.length > 0) visit(current, false);
      current = next;
    }
  }
  visit(current, true);
  return ok(undefined);
}

function continues(entry: MapEntry, next: MapEntry): boolean {
  return (
    entry.length > 0 &&
    entry.data === next.data &&
    entry.zero === next.zero &&
    entry.allocated === next.allocated &&
    entry.depth === next.depth &&
    (entry.fileOffset === null
      ? next.fileOffset === null
      : entry.fileOffset + entry.length === next.fileOffset)
  );
}

function humanRow(offset: string, length: string, mappedTo: string, file: string): string {
  return `${offset.padEnd(16)}${length.padEnd(16)}${mappedTo.padEnd(16)}${file}\n`;
}

function hex(value: number): string {
  return value === 0 ? '0' : `0x${value.toString(16)}`;
}

function jsonEntry({ start, length, depth, allocated, zero, data, fileOffset }: MapEntry): string {
  const offset = fileOffset === null ? '' : `, "offset": ${fileOffset}`;
  return (
    `{ "start": ${start}, "length": ${length}, "depth": ${depth}, "present": ${allocated}, "zero": ${zero}, ` +
    `"data": ${data}${offset}}`
  );
}
