import type { Failure, FailureCode } from '../../../../shared/result.ts';

/** The C library's words for the error that QEMU's drivers report in the same case. */
const TEXTS: Readonly<Record<FailureCode, string>> = {
  'invalid-argument': 'Invalid argument',
  'not-found': 'No such file or directory',
  'permission-denied': 'Permission denied',
  'already-exists': 'File exists',
  busy: 'Device or resource busy',
  'no-space': 'No space left on device',
  io: 'Input/output error',
  'read-only': 'Operation not permitted',
  unsupported: 'Operation not supported',
  malformed: 'Invalid argument',
  'out-of-range': 'Input/output error',
  'source-unreachable': 'Input/output error',
  'source-refused': 'Input/output error',
  'source-changed': 'Input/output error',
  untrusted: 'Input/output error',
  cancelled: 'Operation canceled',
  closed: 'No medium found',
  internal: 'Input/output error',
};

export function errorText(failure: Failure): string {
  return failure.errno === 'EFBIG' ? 'File too large' : TEXTS[failure.code];
}

/** True where our message tells the user more than the C library's words. */
export function explains({ code }: Failure): boolean {
  return code === 'malformed' || code === 'no-space' || code === 'io' || code.startsWith('source-');
}
