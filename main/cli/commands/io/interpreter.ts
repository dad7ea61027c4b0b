import { Call } from './call.ts';
import { IO_COMMANDS } from './command-list.ts';
import { findCommand } from './commands/help.ts';
import type { IoCommand } from './io-command.ts';
import type { IoSession } from './io-session.ts';

/** Runs one line; false when it failed, in which case it has said why. An empty line succeeds. */
export async function interpret(session: IoSession, line: string): Promise<boolean> {
  // Only spaces separate words: there are no quotes, and a tab is part of a word.
  const [name, ...words] = line.split(' ').filter((word) => word !== '');
  if (name === undefined) return true;
  const { terminal } = session;
  const command = findCommand(IO_COMMANDS, name);
  if (command === undefined) {
    terminal.err(`command "${name}" not found\n`);
    return false;
  }
  const call = new Call(session, command, name, words);
  const { disk } = session;
  if (command.needs !== 'nothing' && disk === null) {
    terminal.err(`no file open, try 'help open'\n`);
    return false;
  }
  const expected = expectedWords(command, words.length);
  if (expected !== null) {
    terminal.err(`bad argument count ${words.length} to ${name}, expected ${expected} arguments\n`);
    return false;
  }
  if (command.needs === 'nothing') return command.run(call);
  if (disk === null) return false;
  if (command.needs === 'writable disk' && disk.readOnly) return session.complain('Block node is read-only');
  return command.run(call, disk);
}

/** How many words a command wants, when it got another number of them. */
function expectedWords({ words: [least, most] }: IoCommand, count: number): string | null {
  if (count >= least && (most === null || count <= most)) return null;
  if (most === null) return `at least ${least}`;
  return least === most ? String(least) : `between ${least} and ${most}`;
}
