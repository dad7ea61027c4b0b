import type { OptionSpec } from './arguments/getopt.ts';

/** Where a command reads and prints: the process's own streams, or a test's. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** Prints to standard output, as it is: no newline is added. */
  out(text: string): void;
  /** Prints to standard error, as it is. */
  err(text: string): void;
  /** True when standard output is a terminal that can redraw a line. */
  readonly interactive: boolean;
  /** Width of the terminal in characters. */
  readonly columns: number;
  /** Aborts when the user presses Ctrl-C or the process is told to end. */
  readonly interrupted: AbortSignal;
}

/** How commands end. `image`, `io` and `nbd` end as the tools do that they stand for: there, a misuse is 1. */
export const EXIT = { done: 0, failed: 1, misused: 2, interrupted: 130 } as const;

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
