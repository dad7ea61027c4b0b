import type { Call } from './call.ts';
import type { IoDisk } from './disk/io-disk.ts';

interface IoCommandBase {
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

/** A command that also works while no image is open. */
interface FreeCommand extends IoCommandBase {
  readonly needs: 'nothing';
  run(call: Call): Promise<boolean>;
}

interface DiskCommand extends IoCommandBase {
  readonly needs: 'disk' | 'writable disk';
  run(call: Call, disk: IoDisk): Promise<boolean>;
}

/**
 * A command of `headwater io`. `run` prints its own errors; the result is true when it succeeded and decides the
 * exit code of the program.
 */
export type IoCommand = FreeCommand | DiskCommand;

/** The line that `help` and misused commands print. `name` is what the user called the command. */
export function usageLine(command: IoCommand, name = command.name): string {
  const synopsis = command.synopsis === undefined ? '' : ` ${command.synopsis}`;
  return `${name}${synopsis} -- ${command.summary}\n`;
}
