import { randomBytes } from 'node:crypto';

/** An id that no row of any catalog has. */
export function newCatalogId(): string {
  return randomBytes(8).toString('hex');
}
