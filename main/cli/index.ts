#!/usr/bin/env node
import { COMMANDS, helpText } from './command-table.ts';
import { processTerminal } from './process-terminal.ts';

async function main(args: readonly string[]): Promise<number> {
  const terminal = processTerminal();
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    terminal.out(helpText());
    return name === undefined ? 2 : 0;
  }
  const entry = COMMANDS[name];
  if (entry === undefined) {
    terminal.err(`headwater: there is no command '${name}'; 'headwater help' lists them\n`);
    return 2;
  }
  const command = await entry.load();
  return command.run(rest, terminal);
}

process.exitCode = await main(process.argv.slice(2));
