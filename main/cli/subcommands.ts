import type { Command } from './terminal.ts';

export interface Subcommand {
  readonly summary: string;
  /** Loaded one at a time, so that each starts fast. */
  load(): Promise<Command>;
}

/** A command that consists of others: `headwater NAME COMMAND`. */
export function withSubcommands(
  name: string,
  about: string,
  subcommands: Readonly<Record<string, Subcommand>>,
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
    async run(args, terminal) {
      const [word, ...rest] = args;
      if (word === undefined || word === 'help' || word === '--help' || word === '-h') {
        terminal.out(help);
        return word === undefined ? 2 : 0;
      }
      const subcommand = Object.hasOwn(subcommands, word) ? subcommands[word] : undefined;
      if (subcommand === undefined) {
        terminal.err(
          `headwater ${name}: there is no command '${word}'; 'headwater ${name} help' lists them\n`,
        );
        return 2;
      }
      return (await subcommand.load()).run(rest, terminal);
    },
  };
}
