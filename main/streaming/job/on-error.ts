import { ON_ERROR_POLICIES } from '../../../shared/on-error.ts';
import type { Failure } from '../../../shared/result.ts';
import type { ErrorAction } from './job-events.ts';

/** What to do when a request fails (`BlockdevOnError`). `auto` is `enospc`, as in QEMU. */
export const ON_ERROR = [...ON_ERROR_POLICIES, 'auto'] as const;
export type OnError = (typeof ON_ERROR)[number];

export type IoStatus = 'ok' | 'failed' | 'nospace';

export function errorAction(policy: OnError, failure: Failure): ErrorAction {
  // Nothing can be had from a device that was closed, now or later.
  if (failure.code === 'closed') return 'report';
  switch (policy) {
    case 'report':
    case 'ignore':
    case 'stop':
      return policy;
    case 'enospc':
    case 'auto':
      return failure.code === 'no-space' ? 'stop' : 'report';
  }
}

export function ioStatusOf(failure: Failure): IoStatus {
  return failure.code === 'no-space' ? 'nospace' : 'failed';
}

/** The failure as QEMU's events name it: the text of the operating system's error. */
export function errorText(failure: Failure): string {
  if (failure.code === 'no-space') return 'No space left on device';
  if (failure.code === 'io') return 'Input/output error';
  return failure.message;
}
