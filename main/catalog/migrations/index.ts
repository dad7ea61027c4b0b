import { FIRST } from './0001-first.ts';

/** Step `n` takes a catalog from version `n` to `n + 1`. Released steps are never changed; new ones go to the end. */
export const MIGRATIONS: readonly string[] = [FIRST];
