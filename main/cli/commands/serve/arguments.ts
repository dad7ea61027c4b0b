import { err, ok, type Result } from '../../../../shared/result.ts';
import type { LinkShape } from '../../../serve/link-spec.ts';
import type { CommandLine, NamedOption } from '../../arguments/command.ts';
import type { Given } from '../../arguments/given.ts';
import { parseRate } from '../../arguments/rate.ts';

export interface ServeArguments {
  readonly folder: string;
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** The line to simulate; null for none. */
  readonly link: LinkShape | null;
  readonly quiet: boolean;
  readonly json: boolean;
}

const HELP = `usage: headwater serve [OPTIONS] DIR

Serves the files in a folder, whole or in ranges, for others to stream from: a feed and its
masters on a LAN, or a demonstration of a slow line. It lists no folders, and follows no
link that leads out of DIR. For the internet take a real web server: any will do.

  -p, --port PORT        port to listen on (default 8080; 0 for any free one)
      --host ADDRESS     address to listen on (default 127.0.0.1, this computer only;
                         0.0.0.0 for everybody who can reach it)
      --rate RATE        send no faster than this in all: 20mbit, 2.5M (bytes per second)
      --latency TIME     answer no sooner than this: 30ms
  -q, --quiet            do not list requests
      --json             list requests as JSON, one a line
  -h, --help             this text
`;

const OPTIONS = [
  { short: 'p', long: 'port', argument: 'required' },
  { long: 'host', argument: 'required' },
  { long: 'rate', argument: 'required' },
  { long: 'latency', argument: 'required' },
  { short: 'q', long: 'quiet', argument: 'none' },
  { long: 'json', argument: 'none' },
] as const satisfies readonly NamedOption[];
type OptionName = (typeof OPTIONS)[number]['long'];

const DEFAULT_PORT = '8080';
const MOST_LATENCY_MS = 10_000;

function parse(given: Given<OptionName>): Result<ServeArguments> {
  const [folder, ...more] = given.operands;
  if (folder === undefined || more.length > 0) {
    return err('invalid-argument', 'give one folder to serve (see --help)');
  }
  const port = Number(given.value('port') ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    return err('invalid-argument', '--port takes a number from 0 to 65535');
  }
  const link = parseLine(given.value('rate'), given.value('latency'));
  if (!link.ok) return link;
  return ok({
    folder,
    host: given.value('host') ?? '127.0.0.1',
    port,
    link: link.value,
    quiet: given.has('quiet'),
    json: given.has('json'),
  });
}

function parseLine(rateText = 'off', latencyText = '0'): Result<LinkShape | null> {
  const rate = parseRate(rateText);
  if (!rate.ok) return rate;
  const latency = /^(\d+(?:\.\d+)?)(?:ms)?$/.exec(latencyText.trim());
  const roundTripMs = Number(latency?.[1] ?? NaN);
  if (!(roundTripMs <= MOST_LATENCY_MS)) {
    return err(
      'invalid-argument',
      `'${latencyText}' is not a latency: give 30ms, at most ${MOST_LATENCY_MS}ms`,
    );
  }
  const unlimited = rate.value === 0;
  if (unlimited && roundTripMs === 0) return ok(null);
  return ok({ bitsPerSecond: unlimited ? null : rate.value * 8, roundTripMs });
}

export const SERVE: CommandLine<OptionName, ServeArguments> = {
  name: 'serve',
  help: HELP,
  options: OPTIONS,
  parse,
};
