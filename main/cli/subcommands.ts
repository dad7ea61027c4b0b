import type { Command, CommandEntry } from './arguments/command-entry.ts';
import { EXIT } from './terminal.ts';
import { unknownCommand } from './unknown-command.ts';

/** A command that consists of others: `headwater NAME COMMAND`. */
export function withSubcommands(
  name: string,
  about: string,
  subcommands: Readonly<Record<string, CommandEntry>>,
): Command {
  const names = Object.keys(subcommands);
  const width = Math.max(...names.map((word) => word.length));
  const help = [
    `usage: headwater ${name} COMMAND [ARGUMENTS]`,
    '',
    about,
    '',
    ...names.map((word) => `  ${word.padEnd(width)}  ${subcommands[word]?.summary ?? ''}`),
    '',
    `'headwater ${name} COMMAND --help' tells more.`,
    '',
  ].join('\n');
  return {
    subcommands,
    async run(args, terminal) {
      const [word, ...rest] = args;
      if (word === undefined || word === 'help' || word === '--help' || word === '-h') {
        terminal.out(help);
        return word === undefined ? EXIT.misused : EXIT.done;
      }
      const subcommand = Object.hasOwn(subcommands, word) ? subcommands[word] : undefined;
      if (subcommand === undefined) {
        terminal.err(unknownCommand(`headwater ${name}`, word, names));
        return EXIT.misused;
      }
      return (await subcommand.load()).run(rest, terminal);
    },
  };
}
