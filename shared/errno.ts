import { err, type Err, type FailureCode } from './result.ts';

const CODES: Readonly<Record<string, FailureCode>> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  EACCES: 'permission-denied',
  EPERM: 'permission-denied',
  EROFS: 'permission-denied',
  EEXIST: 'already-exists',
  EBUSY: 'busy',
  ETXTBSY: 'busy',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EFBIG: 'no-space',
  EISDIR: 'invalid-argument',
  EINVAL: 'invalid-argument',
  EBADF: 'closed',
};

/** The C library's words for the errors people meet, as QEMU's tools print them. */
const TEXTS: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  ENOTDIR: 'Not a directory',
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  EROFS: 'Read-only file system',
  EEXIST: 'File exists',
  EBUSY: 'Device or resource busy',
  ETXTBSY: 'Text file busy',
  ENOSPC: 'No space left on device',
  EDQUOT: 'Disk quota exceeded',
  EFBIG: 'File too large',
  EISDIR: 'Is a directory',
  EINVAL: 'Invalid argument',
  EIO: 'Input/output error',
};

/**
 * Turns what a system call threw into a failure. `context` says what was tried and on which file. Anything that is
 * not a system error is a bug and is thrown on.
 */
export function failureFromSystem(error: unknown, context: string): Err {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') throw error;
  const errno = error.code;
  return err(CODES[errno] ?? 'io', `${context}: ${TEXTS[errno] ?? error.message}`, { errno });
}
