import { systemClock } from '../../../../shared/clock.ts';
import type { PublishedMaster } from '../../../../shared/master.ts';
import { err, ok, type Result } from '../../../../shared/result.ts';
import { runMasterTask } from '../../../masters/publish/master-tasks.ts';
import type { VerifyReport } from '../../../masters/publish/verify-master.ts';
import { findPublished } from '../../../storage/chain/master-description.ts';
import { command, type NamedOption } from '../../arguments/command.ts';
import type { Given } from '../../arguments/given.ts';
import { formatBytes } from '../../display/quantities.ts';
import { StatusLine } from '../../display/status-line.ts';
import { TaskProgress } from '../../display/task-progress.ts';
import type { Terminal } from '../../terminal.ts';

const HELP = `usage: headwater master verify [OPTIONS] DIR|URL

Reads all of a published master, from its folder or from the server that has it, and
compares it with its master.json: every hash, every chunk, the disk as a whole, and what
else was published with it.

  -q, --quiet            print nothing but problems
      --json             print the result as JSON
  -h, --help             this text

Exit status: 0 all is well, 1 it is not, or it could not be read; 130 interrupted.
`;

const OPTIONS = [
  { short: 'q', long: 'quiet', argument: 'none' },
  { long: 'json', argument: 'none' },
] as const satisfies readonly NamedOption[];
type OptionName = (typeof OPTIONS)[number]['long'];

interface VerifyArguments {
  readonly location: string;
  readonly quiet: boolean;
  readonly json: boolean;
}

/** `headwater master verify DIR|URL`. */
export const verifyCommand = command<OptionName, VerifyArguments>({
  name: 'master verify',
  help: HELP,
  options: OPTIONS,
  parse,
  async run(wanted, terminal) {
    const { interrupted } = terminal;
    const master = await findPublished(wanted.location, systemClock);
    if (!master.ok) return master;
    const verified = await verify(wanted, master.value, terminal, interrupted);
    return verified.ok ? ok(report(wanted, master.value, verified.value, terminal)) : verified;
  },
});

function parse(given: Given<OptionName>): Result<VerifyArguments> {
  const [location, ...more] = given.operands;
  if (location === undefined || more.length > 0) {
    return err('invalid-argument', 'give the folder or the address of one master (see --help)');
  }
  return ok({ location, quiet: given.has('quiet'), json: given.has('json') });
}

async function verify(
  { quiet, json }: VerifyArguments,
  master: PublishedMaster,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Result<VerifyReport>> {
  const line = new StatusLine(terminal, systemClock);
  const progress = new TaskProgress(systemClock, master.description.lengthBytes);
  const onProgress = (fraction: number) => {
    if (!quiet && !json) line.show(progress.describe(fraction));
  };
  const verified = await runMasterTask('verify', { master }, { signal, onProgress });
  if (verified.ok) onProgress(1);
  line.finish();
  return verified;
}

function report(
  { json, quiet }: VerifyArguments,
  { description, sources }: PublishedMaster,
  { problems, problemCount, checkedBytes }: VerifyReport,
  terminal: Terminal,
): number {
  const [source = ''] = sources;
  if (json) {
    const result = { source, sha256: description.sha256, checkedBytes, problemCount, problems };
    terminal.out(`${JSON.stringify(result, null, 2)}\n`);
    return problemCount === 0 ? 0 : 1;
  }
  for (const { file, offset, message } of problems) {
    terminal.out(`${file}${offset === null ? '' : ` at ${offset}`}: ${message}\n`);
  }
  if (problemCount > problems.length) terminal.out(`and ${problemCount - problems.length} more\n`);
  if (problemCount > 0) return 1;
  if (!quiet)
    terminal.out(`'${source}' is as its description says: ${formatBytes(checkedBytes)} were read\n`);
  return 0;
}
