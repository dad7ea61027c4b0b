import type { Err } from '../../../shared/result.ts';
import { failureFromSystem } from '../../../shared/errno.ts';

/** Why the credentials in a folder cannot be read; names the file, where the system does. */
export function credentialFailure(error: unknown, folder: string): Err {
  const file = error instanceof Error && 'path' in error ? error.path : undefined;
  const which =
    typeof file === 'string' ? `'${file}' of the TLS credentials` : `The TLS credentials in '${folder}'`;
  return failureFromSystem(error, `${which} cannot be read`);
}
