import type { FailureWords } from './failure-words.ts';

/**
 * Expected failures are values: every operation that can fail for a reason outside the program returns a
 * {@link Result}. A thrown error means a bug.
 */

/** The closed set of reasons an operation can fail for. Add one only when a caller must act differently on it. */
export const FAILURE_CODES = [
  /** The caller asked for something that makes no sense: a bad option, a misaligned range. */
  'invalid-argument',
  /** A file, device, snapshot or name does not exist. */
  'not-found',
  /** The operating system refused access. */
  'permission-denied',
  /** The target exists and may not be replaced. */
  'already-exists',
  /** Another process or job is using the image. */
  'busy',
  /** The disk that holds the file is full. */
  'no-space',
  /** A read, write or sync failed on the local machine. */
  'io',
  /** The target was opened read-only. */
  'read-only',
  /** A format, feature bit or operation is not supported. */
  'unsupported',
  /** Data from a disk, server or guest breaks its format. */
  'malformed',
  /** The range lies outside the device. */
  'out-of-range',
  /** A remote source cannot be reached or stopped answering: worth another try. */
  'source-unreachable',
  /** A remote source answers, but not with what was asked for: refused, gone, no ranges. */
  'source-refused',
  /** A remote source is no longer the file it was when it was opened. */
  'source-changed',
  /** Something that must be signed is not, or not by whom it should, or is older than what is known: never taken over. */
  'untrusted',
  /** The caller cancelled the operation. */
  'cancelled',
  /** The device, job or connection was closed before the operation ended. */
  'closed',
  /** A bug in Headwater itself: reported where a window or client waits for an answer, never made on purpose. */
  'internal',
] as const;

export type FailureCode = (typeof FAILURE_CODES)[number];

/** Why an operation failed. Plain data, so that it crosses threads and windows unchanged. */
export interface Failure {
  readonly code: FailureCode;
  /** One sentence for people: what happened, to which file, and what to do where that is known. */
  readonly message: string;
  /** The operating system's error name (`ENOSPC`, `EIO` ...), where there was one. */
  readonly errno?: string | undefined;
  /** What windows say instead of the message in the language of their user. */
  readonly words?: FailureWords | undefined;
  /** How long a remote source asked us to wait before the next try, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}

export interface Err {
  readonly ok: false;
  readonly failure: Failure;
}

export type Result<T> = Ok<T> | Err;

/** The success of an operation that returns nothing. */
export const DONE: Ok<void> = Object.freeze({ ok: true, value: undefined });

export function ok<T>(value: T): Ok<T> {
  return { ok: true, value };
}

export function err(
  code: FailureCode,
  message: string,
  details: Pick<Failure, 'errno' | 'retryAfterMs' | 'words'> = {},
): Err {
  return { ok: false, failure: { code, message, ...details } };
}

/** Carries a failure into a result of another type, with a context in front that says what was being done. */
export function because(context: string, cause: Err): Err {
  return { ok: false, failure: { ...cause.failure, message: `${context}: ${cause.failure.message}` } };
}

/** Turns a failure into a thrown error: for tests, and for entry points that end the process. */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(`${result.failure.code}: ${result.failure.message}`);
}

/** Marks a branch the types prove unreachable. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${String(value)}`);
}
