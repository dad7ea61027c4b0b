import { z } from 'zod';
import type { Database } from '../database.ts';
import { readRows } from '../rows.ts';

export const feedRowSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    url: z.string(),
    public_key: z.string(),
    serial: z.number().int(),
    issued_ms: z.number(),
    expires_ms: z.number(),
    added_ms: z.number(),
  })
  .transform((row) => ({
    id: row.id,
    name: row.name,
    url: row.url,
    publicKey: row.public_key,
    serial: row.serial,
    issuedMs: row.issued_ms,
    expiresMs: row.expires_ms,
    addedMs: row.added_ms,
  }));

/** A list of appliances somebody publishes, with the key it must be signed with. */
export type Feed = z.output<typeof feedRowSchema>;

export class FeedTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  list(): Feed[] {
    return readRows(feedRowSchema, this.#db.prepare('SELECT * FROM feeds ORDER BY name').all());
  }

  /** Adds a feed, or takes over a newer state of one that is known. */
  put(feed: Feed): void {
    this.#db
      .prepare(
        `INSERT INTO feeds (id, name, url, public_key, serial, issued_ms, expires_ms, added_ms)
         VALUES (@id, @name, @url, @publicKey, @serial, @issuedMs, @expiresMs, @addedMs)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, url = excluded.url, public_key = excluded.public_key,
           serial = excluded.serial, issued_ms = excluded.issued_ms, expires_ms = excluded.expires_ms`,
      )
      .run(feed);
  }

  remove(id: string): void {
    this.#db.prepare('DELETE FROM feeds WHERE id = ?').run(id);
  }
}
