import { DONE, err, ok, type Result } from '../../../../shared/result.ts';
import type { ImageFormat } from '../../../storage/chain/location.ts';
import { escapeOptionValue, parseOptionString, type OptionPair } from '../../arguments/option-string.ts';
import { parseSize } from '../../arguments/size.ts';
import { byteDigits } from '../../output/human-size.ts';

type OptionKind = 'str' | 'size' | 'bool (on/off)';

interface OptionDescription {
  readonly name: string;
  readonly kind: OptionKind;
  readonly help: string;
  /** What is used, and echoed, when the option is not given. */
  readonly otherwise?: number;
}

function describeOption(name: string, kind: OptionKind, help: string, otherwise?: number): OptionDescription {
  return { name, kind, help, ...(otherwise !== undefined && { otherwise }) };
}

const SIZE = describeOption('size', 'size', 'Virtual disk size');

/** In the order QEMU echoes them. The last two are Headwater's own, from the RFC "QED image streaming" of 2011. */
const FORMAT_OPTIONS: Readonly<Record<ImageFormat, readonly OptionDescription[]>> = {
  raw: [SIZE],
  qed: [
    SIZE,
    describeOption('backing_file', 'str', 'File name of a base image'),
    describeOption('backing_fmt', 'str', 'Image format of the base image'),
    describeOption('cluster_size', 'size', 'Cluster size (in bytes)', 65536),
    describeOption('table_size', 'size', 'L1/L2 table size (in clusters)'),
    describeOption('copy_on_read', 'bool (on/off)', 'Keep what a machine reads from the base image'),
    describeOption('stream', 'bool (on/off)', 'Copy the base image in while a machine runs'),
  ],
};

/** Options of the file an image lies in. */
const FILE_OPTIONS: readonly OptionDescription[] = [
  describeOption('nocow', 'bool (on/off)', 'Turn off copy-on-write (valid only on btrfs)'),
  describeOption('preallocation', 'str', 'Preallocation mode (allowed values: off, falloc, full)'),
  describeOption('extent_size_hint', 'size', 'Extent size hint for the image file, 0 to disable'),
];

/** Creation options by name: sizes as numbers, everything else as it was given. */
export type ImageOptions = Map<string, string | number>;

/** Adds what options of their own say of the base image. Fails with `unsupported`, in QEMU's words, where the format has none. */
export function setBacking(
  options: ImageOptions,
  format: ImageFormat,
  file: string | undefined,
  fileFormat: string | undefined,
): Result<void> {
  for (const [key, value, what] of [
    ['backing_file', file, 'file'],
    ['backing_fmt', fileFormat, 'file format'],
  ] as const) {
    if (value === undefined) continue;
    if (format === 'raw') return err('unsupported', `Backing ${what} not supported for file format 'raw'`);
    options.set(key, value);
  }
  return DONE;
}

/** Reads `-o` strings, later ones winning. Fails with `invalid-argument` in QEMU's words. */
export function parseImageOptions(format: ImageFormat, texts: readonly string[]): Result<ImageOptions> {
  const known = [...FORMAT_OPTIONS[format], ...FILE_OPTIONS];
  const options: ImageOptions = new Map();
  for (const text of texts) {
    const pairs = parseOptionString(text);
    if (!pairs.ok) return pairs;
    for (const pair of pairs.value) {
      const description = known.find(({ name }) => name === pair.key);
      if (description === undefined) return err('invalid-argument', `Invalid parameter '${pair.key}'`);
      const value = readValue(description.kind, pair);
      if (!value.ok) return value;
      options.set(pair.key, value.value);
    }
  }
  return ok(options);
}

function readValue(kind: OptionKind, { key, value }: OptionPair): Result<string | number> {
  if (kind === 'size') return parseOptionSize(key, value);
  if (kind === 'bool (on/off)' && parseSwitch(value) === null) {
    return err('invalid-argument', `Parameter '${key}' expects 'on' or 'off'`);
  }
  return ok(value);
}

/** A size in an option; the failure is worded as QEMU's option parser does. */
export function parseOptionSize(key: string, text: string): Result<number> {
  const size = parseSize(text, 2n ** 64n - 1n);
  if (size.ok) return size;
  if (size.failure.code === 'out-of-range') {
    return err('invalid-argument', `Value '${text}' is out of range for parameter '${key}'`);
  }
  return err(
    'invalid-argument',
    `Parameter '${key}' expects a non-negative number below 2^64\n` +
      `Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\nand exabytes, respectively.`,
  );
}

export function stringOption(options: ImageOptions, name: string): string | undefined {
  const value = options.get(name);
  return value === undefined ? undefined : String(value);
}

export function sizeOption(options: ImageOptions, name: string): number | undefined {
  const value = options.get(name);
  return typeof value === 'number' ? value : undefined;
}

export function switchOption(options: ImageOptions, name: string): boolean {
  return parseSwitch(stringOption(options, name) ?? 'off') === true;
}

function parseSwitch(text: string): boolean | null {
  if (['on', 'yes', 'true', 'y'].includes(text)) return true;
  return ['off', 'no', 'false', 'n'].includes(text) ? false : null;
}

/** What QEMU says before it creates an image: `Formatting 'x', fmt=qed size=...`. */
export function formattingLine(name: string, format: ImageFormat, options: ImageOptions): string {
  const words = [...FORMAT_OPTIONS[format], ...FILE_OPTIONS].flatMap((description) => {
    const value = options.get(description.name) ?? description.otherwise;
    if (value === undefined) return [];
    const text = typeof value === 'number' ? byteDigits(value) : escapeOptionValue(value);
    return [`${description.name}=${text}`];
  });
  return `Formatting '${name}', fmt=${format} ${words.join(' ')}\n`;
}

/** What `-o help` prints; with a file name, the options of the file are listed too. */
export function optionsHelp(format: ImageFormat, withFile: boolean): string {
  const options = [...FORMAT_OPTIONS[format], ...(withFile ? FILE_OPTIONS : [])];
  const lines = options
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, kind, help }) => `${`  ${name}=<${kind}>`.padEnd(24)} - ${help}\n`);
  if (withFile) return `Supported options:\n${lines.join('')}`;
  return (
    `Supported ${format} options:\n${lines.join('')}\n` +
    `The protocol level may support further options.\nSpecify the target filename to include those options.\n`
  );
}
