import { Leash } from './leash.ts';

/** How a program ended that was run for a moment. */
export interface ShortRun {
  /** Null where it did not end in time, was killed, or could not be started. */
  readonly code: number | null;
  readonly output: string;
}

const MOST_OUTPUT_CHARS = 64 * 1024;

/** Runs a program that should end soon. It is killed after `limitMs`, with all that it has started. */
export async function runShortly(
  program: string,
  args: readonly string[],
  limitMs: number,
): Promise<ShortRun> {
  let output = '';
  const onOutput = (bytes: Uint8Array) => {
    if (output.length < MOST_OUTPUT_CHARS) output += Buffer.from(bytes).toString();
  };
  const leash = new Leash({ program, args, folder: null, onOutput });
  const limit = setTimeout(() => leash.kill(), limitMs);
  const { code } = await leash.ended;
  clearTimeout(limit);
  return { code, output };
}
