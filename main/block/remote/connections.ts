import { DONE, err, type Result } from '../../../shared/result.ts';

/** Connections to one source unless the caller says otherwise; browsers stop at 6, servers rarely mind 8. */
export const DEFAULT_CONNECTIONS = 8;
const MAX_CONNECTIONS = 64;

/** @param what how the caller's own words call the number */
export function checkConnections(count: number, what = 'connections'): Result<void> {
  if (Number.isInteger(count) && count >= 1 && count <= MAX_CONNECTIONS) return DONE;
  return err('invalid-argument', `${what} must be a whole number from 1 to ${MAX_CONNECTIONS}`);
}
