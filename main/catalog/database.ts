import fs from 'node:fs';
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { because, DONE, err, ok, type Err, type Result } from '../../shared/result.ts';
import { failureFromSystem } from '../../shared/errno.ts';
import { APPLICATION_ID } from './application-id.ts';
import { backUp, wayOut } from './backups.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { failureFromSqlite } from './sqlite-failure.ts';

export type Database = Sqlite.Database;

export interface DatabaseOptions {
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly migrations?: readonly string[];
}

/**
 * Opens the catalog's file, creating it where there is none, and brings it to the present version after a backup.
 *
 * A file that cannot be used is left as it is, and the failure says what to do: `malformed` when it is damaged or no
 * catalog, `unsupported` when a newer Headwater wrote it, `busy` while another Headwater has it open.
 */
export function openDatabase(file: string, options: DatabaseOptions): Result<Database> {
  const context = `The catalog '${file}' cannot be used`;
  let db: Database | null = null;
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    db = new Sqlite(file, { timeout: 0 });
    const ready = prepare(db, file, options);
    if (ready.ok) return ok(db);
    db.close();
    return because(context, ready);
  } catch (error) {
    db?.close();
    if (!(error instanceof Sqlite.SqliteError)) return failureFromSystem(error, context);
    const failed = failureFromSqlite(error, context);
    if (failed.failure.code === 'busy') {
      return err('busy', `${context}: another Headwater is using it; close that one first`, {
        words: ['catalog-in-use'],
      });
    }
    if (failed.failure.code !== 'malformed') return failed;
    return damaged(file, failed.failure.message);
  }
}

function prepare(db: Database, file: string, options: DatabaseOptions): Result<void> {
  // One Headwater at a time. The lock is the system's own and ends with the process, also when it is killed.
  db.pragma('locking_mode = EXCLUSIVE');
  const ours = checkOwner(db, file);
  if (!ours.ok) return ours;
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  const damage = db.pragma('quick_check(1)', { simple: true });
  if (damage !== 'ok') return damaged(file, `it is damaged (${String(damage)})`);
  const migrated = migrate(db, file, options);
  if (!migrated.ok) return migrated;
  db.pragma('foreign_keys = ON');
  return DONE;
}

function checkOwner(db: Database, file: string): Result<void> {
  const id = db.pragma('application_id', { simple: true });
  if (id === APPLICATION_ID) return DONE;
  const objects = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get();
  if (id === 0 && objects === 0) return DONE;
  return damaged(file, 'it is the database of another program');
}

function damaged(file: string, how: string): Err {
  return err('malformed', `${how}. ${wayOut(file)}`, { words: ['catalog-damaged', file] });
}

/** Foreign keys are off meanwhile, so that a step may rebuild tables (SQLite, "Making Other Kinds Of Table Schema Changes"). */
function migrate(
  db: Database,
  file: string,
  { nowMs, migrations = MIGRATIONS }: DatabaseOptions,
): Result<void> {
  const version = Number(db.pragma('user_version', { simple: true }));
  if (version === migrations.length) return DONE;
  if (version > migrations.length) {
    return err(
      'unsupported',
      `a newer Headwater wrote it (version ${version}, this one knows ${migrations.length}); install that one again. ${wayOut(file)}`,
      { words: ['catalog-newer'] },
    );
  }
  if (version > 0) {
    const kept = backUp(db, file, version, nowMs());
    if (!kept.ok) return kept;
  }
  db.pragma('foreign_keys = OFF');
  const steps = db.transaction(() => {
    for (const step of migrations.slice(version)) db.exec(step);
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.pragma(`user_version = ${migrations.length}`);
    const broken = db.pragma('foreign_key_check');
    if (!Array.isArray(broken) || broken.length > 0) throw new Error('a migration broke a reference');
  });
  steps.immediate();
  return DONE;
}
