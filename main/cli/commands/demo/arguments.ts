import { err, ok, type Result } from '../../../../shared/result.ts';
import { parseLinkSpec, type LinkShape } from '../../../serve/link-spec.ts';
import { parseArguments, type OptionSpec } from '../../arguments/getopt.ts';

export interface DemoArguments {
  readonly appliance: string;
  /** Null for no simulated line. */
  readonly link: LinkShape | null;
  /** A folder to work in and leave things in; null for a temporary one. */
  readonly folder: string | null;
}

export const DEMO_HELP = `usage: headwater demo [OPTIONS] [APPLIANCE]

Shows the life of a disk on real input: serves the master of Tiny Linux over HTTP through
a simulated line, boots it at once from an empty overlay, works in the guest while the rest
streams in, and boots the finished disk again without any server.

      --link SPEC     the line to the master (default 20mbit,30ms; off for none)
      --keep FOLDER   work in this folder and keep the overlay
  -h, --help          this text
`;

const OPTIONS = [
  { long: 'link', argument: 'required' },
  { long: 'keep', argument: 'required' },
  { short: 'h', long: 'help', argument: 'none' },
] as const satisfies readonly OptionSpec[];

/** @returns null when help was asked for */
export function parseDemoArguments(args: readonly string[]): Result<DemoArguments | null> {
  const parsed = parseArguments(args, OPTIONS);
  if (!parsed.ok) return parsed;
  const given = (name: (typeof OPTIONS)[number]['long']) =>
    parsed.value.options.findLast(({ spec }) => spec.long === name)?.value;
  if (given('help') !== undefined) return ok(null);
  const [appliance = 'tiny-linux', ...more] = parsed.value.operands;
  if (more.length > 0) return err('invalid-argument', 'give at most one appliance (see --help)');
  const link = parseLinkSpec(given('link') ?? '20mbit,30ms');
  return link.ok ? ok({ appliance, link: link.value, folder: given('keep') ?? null }) : link;
}
