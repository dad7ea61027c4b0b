import { err, ok } from '../../../../shared/result.ts';
import { command } from '../../arguments/command.ts';
import type { Command, CommandEntry } from '../../arguments/command-entry.ts';
import { EXIT } from '../../terminal.ts';
import { bashScript, type Completions } from './bash.ts';

const HELP = `usage: headwater completion bash

Prints a script by which bash completes commands and options of headwater:

  source <(headwater completion bash)

  -h, --help             this text
`;

/** `headwater completion bash`. */
export const completionCommand = (commands: Readonly<Record<string, CommandEntry>>): Command =>
  command({
    name: 'completion',
    help: HELP,
    options: [],
    parse(given) {
      const shell = given.one('the name of a shell: bash');
      if (!shell.ok || shell.value === 'bash') return shell;
      return err('invalid-argument', `there is no completion for '${shell.value}'; there is one for bash`);
    },
    async run(_, terminal) {
      terminal.out(bashScript(await completionsOf('headwater', commands)));
      return ok(EXIT.done);
    },
  });

/** What may follow a command and all that it consists of. */
async function completionsOf(
  path: string,
  commands: Readonly<Record<string, CommandEntry>>,
): Promise<Completions> {
  const found: [string, readonly string[]][] = [[path, Object.keys(commands)]];
  for (const [name, entry] of Object.entries(commands)) {
    const { subcommands, options = [] } = await entry.load();
    const below = `${path} ${name}`;
    if (subcommands !== undefined) found.push(...(await completionsOf(below, subcommands)));
    else found.push([below, options.flatMap(({ long }) => (long === undefined ? [] : [`--${long}`]))]);
  }
  return new Map(found);
}
