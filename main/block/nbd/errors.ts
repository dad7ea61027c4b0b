import { err, type Err, type Failure, type FailureCode } from '../../../shared/result.ts';
import { ERROR } from './protocol.ts';

const VALUES: Partial<Readonly<Record<FailureCode, number>>> = {
  'invalid-argument': ERROR.inval,
  'out-of-range': ERROR.inval,
  unsupported: ERROR.inval,
  'permission-denied': ERROR.perm,
  'read-only': ERROR.perm,
  'no-space': ERROR.nospc,
  closed: ERROR.shutdown,
  cancelled: ERROR.shutdown,
};

/** The error value that tells a client of a failure. */
export function errorValueOf({ code }: Failure): number {
  return VALUES[code] ?? ERROR.io;
}

interface Meaning {
  readonly code: FailureCode;
  readonly errno: string;
  readonly words: string;
}

const MEANINGS: Readonly<Record<number, Meaning>> = {
  [ERROR.perm]: { code: 'permission-denied', errno: 'EPERM', words: 'Operation not permitted' },
  [ERROR.io]: { code: 'io', errno: 'EIO', words: 'Input/output error' },
  [ERROR.nomem]: { code: 'io', errno: 'ENOMEM', words: 'Cannot allocate memory' },
  [ERROR.nospc]: { code: 'no-space', errno: 'ENOSPC', words: 'No space left on device' },
  [ERROR.overflow]: { code: 'invalid-argument', errno: 'EOVERFLOW', words: 'Value too large' },
  [ERROR.notsup]: { code: 'unsupported', errno: 'EOPNOTSUPP', words: 'Operation not supported' },
  [ERROR.shutdown]: {
    code: 'source-unreachable',
    errno: 'ESHUTDOWN',
    words: 'the server is being shut down',
  },
};
const INVALID: Meaning = { code: 'invalid-argument', errno: 'EINVAL', words: 'Invalid argument' };

/**
 * What a server's error value means; values it should not send mean "invalid argument", as the protocol says.
 * @param told what the server added for people, where it did
 */
export function failureOfError(value: number, what: string, told = ''): Err {
  const { code, errno, words } = MEANINGS[value] ?? INVALID;
  return err(code, `${what}: ${words}${told === '' ? '' : ` (${told})`}`, { errno });
}
