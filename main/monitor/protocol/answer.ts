import type { Result } from '../../../shared/result.ts';
import type { Printable } from '../wire/json.ts';

/** QEMU's classes, and those of 2011 that it has no more. */
export type ErrorClass =
  'GenericError' | 'CommandNotFound' | 'DeviceNotActive' | 'DeviceNotFound' | 'DeviceInUse' | 'NotSupported';

export type QmpError = {
  readonly class: ErrorClass;
  readonly desc: string;
};

/** What comes of a request. */
export type Answer = { readonly return: Exclude<Printable, undefined> } | { readonly error: QmpError };

/** The answer of a command that has nothing to say. */
export const EMPTY: Answer = { return: {} };

export function refuse(desc: string, errorClass: ErrorClass = 'GenericError'): Answer {
  return { error: { class: errorClass, desc } };
}

/** Answers with nothing, or with the failure in its own words, which are QEMU's where QEMU has the case. */
export function answerOf(result: Result<unknown>): Answer {
  return result.ok ? EMPTY : refuse(result.failure.message);
}
