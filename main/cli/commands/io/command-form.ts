/** How a command of `headwater io` is called. */
export interface CommandForm {
  readonly name: string;
  /** A shorter name. */
  readonly alias?: string;
  /** What follows the name, as usage lines show it. */
  readonly synopsis?: string;
  readonly summary: string;
  /** What `help NAME` adds to the usage line. */
  readonly help?: string;
  /** Fewest and most words after the name, options included; null for no limit. */
  readonly words: readonly [least: number, most: number | null];
}

/** The line that `help` and misused commands print. `name` is what the user called the command. */
export function usageLine(command: CommandForm, name = command.name): string {
  const synopsis = command.synopsis === undefined ? '' : ` ${command.synopsis}`;
  return `${name}${synopsis} -- ${command.summary}\n`;
}
