import { err, ok, type Result } from '../../../../shared/result.ts';
import { IMAGE_FORMATS, type ImageFormat } from '../../../storage/chain/location.ts';
import { parseOptionString } from '../../arguments/option-string.ts';
import { isCacheMode } from './cache-mode.ts';
import { option, type Given, type Tool } from './tool.ts';

export const CONVERT_OPTIONS = [
  option('format', '-f', 'required'),
  option('target-format', '-O', 'required'),
  option('backing', '-B', 'required'),
  option('backing-format', '-F', 'required'),
  option('options', '-o', 'required'),
  option('snapshot', '-l', 'required'),
  option('sparse-size', '-S', 'required'),
  option('cache', '-t', 'required'),
  option('source-cache', '-T', 'required'),
  option('rate', '-r', 'required'),
  option('parallel', '-m', 'required'),
  option('compress', '-c'),
  option('copy-range', '-C'),
  option('progress', '-p'),
  option('quiet', '-q'),
  option('no-create', '-n'),
  option('out-of-order', '-W'),
  option('share', '-U --force-share'),
  option('target-image-opts', '--target-image-opts'),
  option('target-is-zero', '--target-is-zero'),
  option('salvage', '--salvage'),
  option('bitmaps', '--bitmaps'),
] as const;
export type ConvertArguments = Given<(typeof CONVERT_OPTIONS)[number]['name']>;

const MAX_SPARSE_BYTES = 16 * 1024 * 1024;
const DEFAULT_SPARSE_BYTES = 4096;

export interface ConvertSettings {
  readonly targetFormat: ImageFormat;
  /** How many zero bytes in a row are left out of the target; 0: everything is stored. */
  readonly sparseBytes: number;
  /** Requests under way at once, to remote sources and targets. */
  readonly parallel: number;
  /** Bytes per second; 0 for no limit. */
  readonly rate: number;
}

/** Checks what can be checked before any image is opened. Failures are worded as `qemu-img` does. */
export function convertSettings(given: ConvertArguments, tool: Tool): Result<ConvertSettings> {
  const refused = refuse(given);
  if (refused !== null) return err('unsupported', refused);
  for (const parsed of given.values('options').map(parseOptionString)) if (!parsed.ok) return parsed;
  const sparse = sparseSize(given, tool);
  if (!sparse.ok) return sparse;
  const rate = tool.size('rate limit', given.value('rate') ?? '0');
  if (!rate.ok) return rate;
  const parallel = Number(given.value('parallel') ?? '8');
  if (!Number.isInteger(parallel) || parallel < 1 || parallel > 16) {
    const message = 'Invalid number of coroutines. Allowed number of coroutines is between 1 and 16';
    return err('invalid-argument', message);
  }
  const formatName = given.value('target-format') ?? 'raw';
  const targetFormat = IMAGE_FORMATS.find((known) => known === formatName);
  if (targetFormat === undefined) return err('unsupported', `Unknown file format '${formatName}'`);
  return ok({ targetFormat, sparseBytes: sparse.value, parallel, rate: rate.value });
}

function refuse(given: ConvertArguments): string | null {
  if (given.has('target-image-opts')) {
    return "--target-image-opts is not supported: give the file's name, and its format with -O";
  }
  if (given.has('snapshot')) return 'internal snapshots (-l) are not supported';
  if (given.has('bitmaps')) return 'Source lacks bitmap support';
  if (given.has('copy-range') && given.has('sparse-size')) {
    return 'Cannot enable copy offloading when -S is used';
  }
  if (given.has('target-is-zero') && !given.has('no-create'))
    return '--target-is-zero requires use of -n flag';
  if (!isCacheMode(given.value('cache'))) return `Invalid cache option: ${given.value('cache') ?? ''}`;
  if (!isCacheMode(given.value('source-cache'))) {
    return `Invalid source cache option: ${given.value('source-cache') ?? ''}`;
  }
  return null;
}

function sparseSize(given: ConvertArguments, tool: Tool): Result<number> {
  const text = given.value('sparse-size');
  if (text === undefined) return ok(DEFAULT_SPARSE_BYTES);
  const size = tool.size('buffer size for sparse output', text);
  if (!size.ok || (size.value % 512 === 0 && size.value <= MAX_SPARSE_BYTES)) return size;
  return err(
    'invalid-argument',
    `Invalid buffer size for sparse output specified. Valid sizes are multiples of 512 up to ${MAX_SPARSE_BYTES}. ` +
      `Select 0 to disable sparse detection (fully allocates output).`,
  );
}
