import type { Err } from '../../../../shared/result.ts';
import type { Terminal } from '../../terminal.ts';

const EXIT_INTERRUPTED = 130;

/** Says why a command failed. @returns its exit code */
export function complain(command: string, terminal: Terminal, { failure }: Err): number {
  terminal.err(`headwater master ${command}: ${failure.message}\n`);
  return failure.code === 'cancelled' ? EXIT_INTERRUPTED : 1;
}
