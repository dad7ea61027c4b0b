#!/usr/bin/env node
import { COMMANDS, helpText } from './command-table.ts';
import { unknownCommand } from './unknown-command.ts';
import { EXIT } from './terminal.ts';
import { processTerminal } from './process-terminal.ts';

async function main(args: readonly string[]): Promise<number> {
  const terminal = processTerminal();
  const [first, ...rest] = args;
  if (first === '--version' || first === '-V') {
    const { headwaterVersion } = await import('./version.ts');
    terminal.out(`headwater ${headwaterVersion()}\n`);
    return EXIT.done;
  }
  const asksForHelp = first === 'help' || first === '--help' || first === '-h';
  const [name, ...given] = asksForHelp ? [...rest.slice(0, 1), '--help'] : args;
  if (first === undefined || name === undefined || name === '--help') {
    terminal.out(helpText());
    return asksForHelp ? EXIT.done : EXIT.misused;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    terminal.err(unknownCommand('headwater', name, Object.keys(COMMANDS)));
    return EXIT.misused;
  }
  const command = await entry.load();
  return command.run(given, terminal);
}

process.exitCode = await main(process.argv.slice(2));
