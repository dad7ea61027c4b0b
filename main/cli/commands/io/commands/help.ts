import { usageLine } from '../command-form.ts';
import type { IoCommand } from '../io-command.ts';

/** `help` over the commands that `all` gives; asked late, because it is one of them. */
export function helpCommand(all: () => readonly IoCommand[]): IoCommand {
  return {
    name: 'help',
    alias: '?',
    synopsis: '[command]',
    summary: 'help for one or all commands',
    words: [0, 1],
    needs: 'nothing',
    async run({ session, words: [name] }) {
      if (name === undefined) {
        for (const command of all()) session.out(usageLine(command));
        session.out(`\nUse 'help commandname' for extended help.\n`);
        return true;
      }
      const command = findCommand(all(), name);
      if (command === undefined) session.out(`command ${name} not found\n`);
      else session.out(`${usageLine(command, name)}${extended(command)}`);
      return true;
    },
  };
}

export function findCommand(commands: readonly IoCommand[], name: string): IoCommand | undefined {
  return commands.find((command) => command.name === name || command.alias === name);
}

function extended({ help }: IoCommand): string {
  return help === undefined ? '' : `${help}\n`;
}
