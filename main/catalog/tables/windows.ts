import { z } from 'zod';
import type { Database } from '../database.ts';
import { readOptionalRow } from '../rows.ts';

/** Where windows were, as JSON by the window's name; the app says what is in it. */
export class WindowTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  find(name: string): string | null {
    const row = this.#db.prepare('SELECT state FROM windows WHERE name = ?').get(name);
    return readOptionalRow(z.object({ state: z.string() }), row)?.state ?? null;
  }

  put(name: string, state: string): void {
    this.#db.prepare('INSERT OR REPLACE INTO windows (name, state) VALUES (?, ?)').run(name, state);
  }
}
