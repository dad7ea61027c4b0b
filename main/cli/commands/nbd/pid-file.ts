import fs from 'node:fs';
import { DONE, type Result } from '../../../../shared/result.ts';
import { failureFromSystem } from '../../../../shared/errno.ts';

const own = (): string => `${process.pid}\n`;

/** Tells scripts which process to end. Fails with what the system says of the file. */
export function writePidFile(file: string): Result<void> {
  try {
    fs.writeFileSync(file, own());
    return DONE;
  } catch (error) {
    return failureFromSystem(error, `Could not write '${file}'`);
  }
}

/**
 * Removes what {@link writePidFile} wrote. A device such as /dev/null stays, even for root, and so does a file that
 * another process has written to since.
 */
export function removePidFile(file: string): Result<void> {
  try {
    if (!fs.lstatSync(file, { throwIfNoEntry: false })?.isFile()) return DONE;
    if (fs.readFileSync(file, 'utf8') === own()) fs.rmSync(file, { force: true });
    return DONE;
  } catch (error) {
    return failureFromSystem(error, `Could not remove '${file}'`);
  }
}
