import { z } from 'zod';
import type { Database } from '../database.ts';
import { readRows } from '../rows.ts';

const passingFileSchema = z.object({ path: z.string(), why: z.enum(['making', 'deleting']) });

export type PassingFile = z.output<typeof passingFileSchema>;

/**
 * The write-ahead record of everything that spans rows and files. A file is written down here *before* it is made, and
 * crossed out in the same transaction that gives it a row; it is written down again in the transaction that takes its
 * row away, and crossed out when it is gone. So after a crash at any point every file that is written down here and
 * has no row is rubbish of ours, and everything else is not.
 */
export class PassingFileTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  add(files: readonly string[], why: PassingFile['why'], nowMs: number): void {
    const insert = this.#db.prepare(
      'INSERT OR REPLACE INTO passing_files (path, why, since_ms) VALUES (?, ?, ?)',
    );
    for (const file of files) insert.run(file, why, nowMs);
  }

  remove(files: readonly string[]): void {
    const remove = this.#db.prepare('DELETE FROM passing_files WHERE path = ?');
    for (const file of files) remove.run(file);
  }

  list(): PassingFile[] {
    return readRows(passingFileSchema, this.#db.prepare('SELECT * FROM passing_files ORDER BY path').all());
  }

  /** Whether a row names the file as its own. */
  isOwned(file: string): boolean {
    const sql = `
      SELECT EXISTS (SELECT 1 FROM disks WHERE path = @file)
          OR EXISTS (SELECT 1 FROM masters WHERE location = @file)
          OR EXISTS (SELECT 1 FROM saved_states WHERE path = @file)`;
    return this.#db.prepare(sql).pluck().get({ file }) === 1;
  }
}
