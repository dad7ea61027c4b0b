import type { Call } from './call.ts';
import type { CommandForm } from './command-form.ts';
import type { IoDisk } from './disk/io-disk.ts';

/** A command that also works while no image is open. */
interface FreeCommand extends CommandForm {
  readonly needs: 'nothing';
  run(call: Call): Promise<boolean>;
}

interface DiskCommand extends CommandForm {
  readonly needs: 'disk' | 'writable disk';
  run(call: Call, disk: IoDisk): Promise<boolean>;
}

/**
 * A command of `headwater io`. `run` prints its own errors; the result is true when it succeeded and decides the
 * exit code of the program.
 */
export type IoCommand = FreeCommand | DiskCommand;
