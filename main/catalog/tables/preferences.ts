import { z } from 'zod';
import type { Database } from '../database.ts';
import { readRows } from '../rows.ts';

const preferenceRowSchema = z.object({ key: z.string(), value: z.string() });

/** Values as JSON by name; what they may be is for the preferences service to say. */
export class PreferenceTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  all(): Map<string, string> {
    const rows = readRows(preferenceRowSchema, this.#db.prepare('SELECT key, value FROM preferences').all());
    return new Map(rows.map(({ key, value }) => [key, value]));
  }

  set(key: string, value: string): void {
    this.#db.prepare('INSERT OR REPLACE INTO preferences (key, value) VALUES (?, ?)').run(key, value);
  }
}
