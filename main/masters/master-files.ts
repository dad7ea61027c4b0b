import fs from 'node:fs';
import { DONE, type Result } from '../../shared/result.ts';
import { failureFromSystem } from '../../shared/errno.ts';

/** Where a file lies until it is complete. */
export function draftOf(location: string): string {
  return `${location}.part`;
}

/** One that is gone already is no failure. */
export async function removeFile(file: string): Promise<Result<void>> {
  try {
    await fs.promises.rm(file, { force: true });
    return DONE;
  } catch (error) {
    return failureFromSystem(error, `Could not delete '${file}'`);
  }
}
