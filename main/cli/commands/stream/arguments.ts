import { ON_ERROR_POLICIES } from '../../../../shared/on-error.ts';
import { DONE, err, ok, type Result } from '../../../../shared/result.ts';
import { checkConnections } from '../../../block/remote/connections.ts';
import type { OnError } from '../../../streaming/job/on-error.ts';
import { parseArguments, type OptionSpec } from '../../arguments/getopt.ts';
import { parseRate } from '../../arguments/rate.ts';

export interface StreamArguments {
  readonly image: string;
  /** Bytes per second; 0 for no limit. */
  readonly speed: number;
  readonly onError: OnError;
  readonly base: string | null;
  readonly connections: number | null;
  readonly json: boolean;
  readonly quiet: boolean;
}

export const STREAM_HELP = `usage: headwater stream [OPTIONS] IMAGE

Copies into a QED overlay whatever it still takes from its backing file, then drops
the backing file: the image is complete and stands alone. Local data is the progress:
after Ctrl-C, a crash or a lost line, run it again and it goes on where it was.

  -s, --speed RATE       at most this much: 20mbit, 500k, 2.5M (bytes per second), off
  -b, --base FILE        stop at this image of the backing chain and keep it as backing file
      --on-error WHAT    report (default), ignore, stop or enospc
      --connections N    most connections to a remote source (default 8)
  -q, --quiet            print nothing but errors
      --json             print the result as JSON
  -h, --help             this text

Exit status: 0 complete, 1 failed (the message says why), 130 interrupted.
`;

const OPTIONS = [
  { short: 's', long: 'speed', argument: 'required' },
  { short: 'b', long: 'base', argument: 'required' },
  { long: 'on-error', argument: 'required' },
  { long: 'connections', argument: 'required' },
  { short: 'q', long: 'quiet', argument: 'none' },
  { long: 'json', argument: 'none' },
  { short: 'h', long: 'help', argument: 'none' },
] as const satisfies readonly OptionSpec[];

/** @returns null when help was asked for */
export function parseStreamArguments(args: readonly string[]): Result<StreamArguments | null> {
  const parsed = parseArguments(args, OPTIONS);
  if (!parsed.ok) return parsed;
  const given = (name: (typeof OPTIONS)[number]['long']) =>
    parsed.value.options.findLast(({ spec }) => spec.long === name)?.value;
  if (given('help') !== undefined) return ok(null);
  const [image, ...more] = parsed.value.operands;
  if (image === undefined || more.length > 0) {
    return err('invalid-argument', 'give one image to stream (see --help)');
  }
  const speed = parseRate(given('speed') ?? 'off');
  if (!speed.ok) return speed;
  const onError = ON_ERROR_POLICIES.find((name) => name === (given('on-error') ?? 'report'));
  if (onError === undefined) {
    return err('invalid-argument', `--on-error takes one of ${ON_ERROR_POLICIES.join(', ')}`);
  }
  const connections = given('connections') === undefined ? null : Number(given('connections'));
  const counted = connections === null ? DONE : checkConnections(connections, '--connections');
  if (!counted.ok) return counted;
  return ok({
    image,
    speed: speed.value,
    onError,
    base: given('base') ?? null,
    connections,
    json: given('json') !== undefined,
    quiet: given('quiet') !== undefined,
  });
}
