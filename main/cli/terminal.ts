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
