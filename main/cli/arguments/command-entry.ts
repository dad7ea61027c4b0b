import type { Terminal } from '../terminal.ts';
import type { OptionSpec } from './getopt.ts';

/** A `headwater` subcommand, loaded only when it is run. */
export interface Command {
  /** The options that it takes, and the commands that it consists of: what a shell completes. */
  readonly options?: readonly OptionSpec[];
  readonly subcommands?: Readonly<Record<string, CommandEntry>>;
  /** @returns the exit code */
  run(args: readonly string[], terminal: Terminal): Promise<number>;
}

/** A command in a list of commands. */
export interface CommandEntry {
  readonly summary: string;
  /** Loaded one at a time, so that each starts fast. */
  load(): Promise<Command>;
}
