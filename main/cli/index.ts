#!/usr/bin/env node
import { COMMANDS, helpText } from './command-table.ts';
import { processTerminal } from './process-terminal.ts';

async function main(args: readonly string[]): Promise<number> {
  const terminal = processTerminal();
  const [first, ...rest] = args;
  if (first === '--version' || first === '-V') {
    const { headwaterVersion } = await import('./version.ts');
    terminal.out(`headwater ${headwaterVersion()}\n`);
    return 0;
  }
  const asksForHelp = first === 'help' || first === '--help' || first === '-h';
  const [name, ...given] = asksForHelp ? [...rest.slice(0, 1), '--help'] : args;
  if (first === undefined || name === undefined || name === '--help') {
    terminal.out(helpText());
    return asksForHelp ? 0 : 2;
  }
  const entry = COMMANDS[name];
  if (entry === undefined) {
    terminal.err(`headwater: there is no command '${name}'; 'headwater help' lists them\n`);
    return 2;
  }
  const command = await entry.load();
  return command.run(given, terminal);
}

process.exitCode = await main(process.argv.slice(2));
