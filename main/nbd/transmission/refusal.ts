import type { Err } from '../../../shared/result.ts';
import { errorValueOf } from '../../block/nbd/errors.ts';

/** Why a request is refused. */
export interface Refusal {
  readonly error: number;
  readonly message: string;
}

export function refusalOf({ failure }: Err): Refusal {
  return { error: errorValueOf(failure), message: failure.message };
}
