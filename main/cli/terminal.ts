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

/** A `headwater` subcommand, loaded only when it is run. */
export interface Command {
  /** @returns the exit code */
  run(args: readonly string[], terminal: Terminal): Promise<number>;
}
