import fs from 'node:fs';
import { DONE, err, type Result } from '../../../shared/result.ts';
import { failureFromSystem } from '../../../shared/errno.ts';
import type { ImageChain } from './image-chain.ts';
import { isRemote, localPath } from './location.ts';

/**
 * Whether a file is still what its chain says it must be: an overlay holds parts of it, and would be mixed with parts
 * of another. Fails with `source-changed`. Remote sources are checked when they answer (`source-seals.ts`).
 */
export function checkExpectedFile({ location, expected }: ImageChain): Result<void> {
  const lastModified = expected?.lastModified ?? null;
  if (lastModified === null || isRemote(location)) return DONE;
  const file = localPath(location);
  try {
    if (fs.statSync(file).mtime.toISOString() === lastModified) return DONE;
    return err(
      'source-changed',
      `'${file}' has changed since disks were made from it; put back the old file`,
    );
  } catch (error) {
    return failureFromSystem(error, `Could not look at '${file}'`);
  }
}
