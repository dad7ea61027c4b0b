import { err, ok, type Result } from '../../../../shared/result.ts';
import { parseLinkSpec, type LinkShape } from '../../../serve/link-spec.ts';
import type { CommandLine, NamedOption } from '../../arguments/command.ts';
import type { Given } from '../../arguments/given.ts';

export interface DemoArguments {
  readonly appliance: string;
  /** Null for no simulated line. */
  readonly link: LinkShape | null;
  /** A folder to work in and leave things in; null for a temporary one. */
  readonly folder: string | null;
}

const HELP = `usage: headwater demo [OPTIONS] [APPLIANCE]

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
] as const satisfies readonly NamedOption[];
type OptionName = (typeof OPTIONS)[number]['long'];

function parse(given: Given<OptionName>): Result<DemoArguments> {
  const [appliance = 'tiny-linux', ...more] = given.operands;
  if (more.length > 0) return err('invalid-argument', 'give at most one appliance (see --help)');
  const link = parseLinkSpec(given.value('link') ?? '20mbit,30ms');
  return link.ok ? ok({ appliance, link: link.value, folder: given.value('keep') ?? null }) : link;
}

export const DEMO: CommandLine<OptionName, DemoArguments> = {
  name: 'demo',
  help: HELP,
  options: OPTIONS,
  parse,
};
