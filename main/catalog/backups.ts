import fs from 'node:fs';
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { err, type Result } from '../../shared/result.ts';
import { draftBeside, putInPlaceSync } from '../block/whole-file.ts';
import { APPLICATION_ID } from './application-id.ts';

/**
 * Copies the catalog before it is migrated. The copy lies beside it, is never deleted by us, and has its name only when
 * it is whole and durable. Throws what SQLite says where it cannot be made.
 */
export function backUp(
  db: Sqlite.Database,
  catalogPath: string,
  version: number,
  nowMs: number,
): Result<void> {
  for (const leftover of besides(catalogPath, '.part')) fs.rmSync(leftover, { force: true });
  const file = backupPath(catalogPath, version, nowMs);
  const draft = draftBeside(file);
  try {
    db.prepare('VACUUM INTO ?').run(draft);
    if (versionOf(draft) === version) return putInPlaceSync(draft, file);
    return err('io', `Its backup '${file}' came out damaged, so nothing was changed; try again`);
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

function backupPath(catalogPath: string, version: number, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-');
  return `${catalogPath}.v${version}.${stamp}.backup`;
}

/** The backups of a catalog that can be gone back to, newest first. */
export function listBackups(catalogPath: string): string[] {
  return besides(catalogPath, '.backup')
    .filter((file) => versionOf(file) !== null)
    .sort((a, b) => modifiedMs(b) - modifiedMs(a));
}

function besides(catalogPath: string, ending: string): string[] {
  const folder = path.dirname(catalogPath);
  const prefix = `${path.basename(catalogPath)}.v`;
  try {
    return fs
      .readdirSync(folder)
      .filter((name) => name.startsWith(prefix) && name.endsWith(ending))
      .map((name) => path.join(folder, name));
  } catch {
    return [];
  }
}

/** What to do about a catalog that cannot be used; for the end of a message. */
export function wayOut(catalogPath: string): string {
  const backups = listBackups(catalogPath);
  if (backups.length === 0) {
    return 'Nothing was changed, and the disks are not touched. There is no backup; move the file aside to start with an empty catalog';
  }
  const names = backups.map((backup) => `'${backup}'`).join(', ');
  return `Nothing was changed, and the disks are not touched. To go back, replace it by one of its backups: ${names}`;
}

/** The version of a catalog that is whole; null for any other file. */
function versionOf(file: string): number | null {
  let db: Sqlite.Database | null = null;
  try {
    db = new Sqlite(file, { readonly: true, fileMustExist: true });
    if (db.pragma('application_id', { simple: true }) !== APPLICATION_ID) return null;
    if (db.pragma('quick_check(1)', { simple: true }) !== 'ok') return null;
    return Number(db.pragma('user_version', { simple: true }));
  } catch {
    return null;
  } finally {
    db?.close();
  }
}

function modifiedMs(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
