import Sqlite from 'better-sqlite3';
import { err, type Err, type FailureCode } from '../../shared/result.ts';

/** What was read from the database does not have the form it must have. */
export class DamagedRow extends Error {}

const CODES: readonly (readonly [prefix: string, code: FailureCode])[] = [
  ['SQLITE_FULL', 'no-space'],
  ['SQLITE_BUSY', 'busy'],
  ['SQLITE_LOCKED', 'busy'],
  ['SQLITE_READONLY', 'permission-denied'],
  ['SQLITE_PERM', 'permission-denied'],
  ['SQLITE_AUTH', 'permission-denied'],
  ['SQLITE_CANTOPEN', 'permission-denied'],
  ['SQLITE_CORRUPT', 'malformed'],
  ['SQLITE_NOTADB', 'malformed'],
  ['SQLITE_FORMAT', 'malformed'],
  ['SQLITE_CONSTRAINT', 'already-exists'],
  ['SQLITE_IOERR', 'io'],
];

/** Turns what SQLite threw into a failure; anything else is a bug and is thrown on. */
export function failureFromSqlite(error: unknown, context: string): Err {
  if (error instanceof DamagedRow) return err('malformed', `${context}: ${error.message}`);
  if (!(error instanceof Sqlite.SqliteError)) throw error;
  const code = CODES.find(([prefix]) => error.code.startsWith(prefix))?.[1];
  // Wrong SQL, misuse of the interface.
  if (code === undefined) throw error;
  return err(code, `${context}: ${error.message}`);
}
