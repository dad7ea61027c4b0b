import { ON_ERROR_POLICIES } from '../../../../shared/on-error.ts';
import { DONE, err, ok, type Result } from '../../../../shared/result.ts';
import { checkConnections } from '../../../block/remote/connections.ts';
import type { OnError } from '../../../streaming/job/on-error.ts';
import type { CommandLine, NamedOption } from '../../arguments/command.ts';
import type { Given } from '../../arguments/given.ts';
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

const HELP = `usage: headwater stream [OPTIONS] IMAGE

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
] as const satisfies readonly NamedOption[];
type OptionName = (typeof OPTIONS)[number]['long'];

function parse(given: Given<OptionName>): Result<StreamArguments> {
  const [image, ...more] = given.operands;
  if (image === undefined || more.length > 0) {
    return err('invalid-argument', 'give one image to stream (see --help)');
  }
  const speed = parseRate(given.value('speed') ?? 'off');
  if (!speed.ok) return speed;
  const onError = ON_ERROR_POLICIES.find((name) => name === (given.value('on-error') ?? 'report'));
  if (onError === undefined) {
    return err('invalid-argument', `--on-error takes one of ${ON_ERROR_POLICIES.join(', ')}`);
  }
  const connections = given.value('connections') === undefined ? null : Number(given.value('connections'));
  const counted = connections === null ? DONE : checkConnections(connections, '--connections');
  if (!counted.ok) return counted;
  return ok({
    image,
    speed: speed.value,
    onError,
    base: given.value('base') ?? null,
    connections,
    json: given.has('json'),
    quiet: given.has('quiet'),
  });
}

export const STREAM: CommandLine<OptionName, StreamArguments> = {
  name: 'stream',
  help: HELP,
  options: OPTIONS,
  parse,
};
