import { z } from 'zod';
import { failureSchema } from '../../../shared/ipc/channel.ts';
import type { Failure } from '../../../shared/result.ts';
import type { Database } from '../database.ts';
import { jsonColumn, readOptionalRow, readRows } from '../rows.ts';

const feedRowSchema = z
  .object({
    id: z.string(),
    kind: z.enum(['signed', 'simplestreams']),
    location: z.string(),
    name: z.string(),
    feed_id: z.string(),
    public_key: z.string().nullable(),
    serial: z.number().int(),
    issued_ms: z.number(),
    expires_ms: z.number().nullable(),
    etag: z.string().nullable(),
    checked_ms: z.number(),
    failure: jsonColumn(failureSchema).nullable(),
    added_ms: z.number(),
  })
  .transform((row) => ({
    id: row.id,
    kind: row.kind,
    location: row.location,
    name: row.name,
    feedId: row.feed_id,
    publicKey: row.public_key,
    serial: row.serial,
    issuedMs: row.issued_ms,
    expiresMs: row.expires_ms,
    etag: row.etag,
    checkedMs: row.checked_ms,
    failure: row.failure,
    addedMs: row.added_ms,
  }));

const storedCopySchema = z.object({
  document: z.instanceof(Uint8Array),
  packing: z.enum(['none', 'deflate']),
  signature: z.string().nullable(),
});

/** A list of appliances somebody publishes; see the schema for what the members mean. */
export type FeedRow = z.output<typeof feedRowSchema>;
/** What was last taken over of a feed, packed as it says. */
export type StoredFeedCopy = z.output<typeof storedCopySchema>;

export class FeedTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  list(): FeedRow[] {
    return readRows(feedRowSchema, this.#db.prepare('SELECT * FROM feeds ORDER BY added_ms, id').all());
  }

  find(id: string): FeedRow | null {
    return readOptionalRow(feedRowSchema, this.#db.prepare('SELECT * FROM feeds WHERE id = ?').get(id));
  }

  findAt(location: string): FeedRow | null {
    return readOptionalRow(
      feedRowSchema,
      this.#db.prepare('SELECT * FROM feeds WHERE location = ?').get(location),
    );
  }

  copyOf(id: string): StoredFeedCopy | null {
    return readOptionalRow(
      storedCopySchema,
      this.#db.prepare('SELECT document, packing, signature FROM feed_copies WHERE feed_id = ?').get(id),
    );
  }

  /** Adds a feed, or takes over a newer state of one that is known, together with its copy. */
  put(feed: FeedRow, { document, packing, signature }: StoredFeedCopy): void {
    this.#db
      .prepare(
        `INSERT INTO feeds (id, kind, location, name, feed_id, public_key, serial, issued_ms, expires_ms, etag,
           checked_ms, failure, added_ms)
         VALUES (@id, @kind, @location, @name, @feedId, @publicKey, @serial, @issuedMs, @expiresMs, @etag,
           @checkedMs, @failure, @addedMs)
         ON CONFLICT (id) DO UPDATE SET location = excluded.location, name = excluded.name,
           public_key = excluded.public_key, serial = excluded.serial, issued_ms = excluded.issued_ms,
           expires_ms = excluded.expires_ms, etag = excluded.etag, checked_ms = excluded.checked_ms,
           failure = excluded.failure`,
      )
      .run({ ...feed, failure: textOf(feed.failure) });
    this.#db
      .prepare(
        'INSERT OR REPLACE INTO feed_copies (feed_id, document, packing, signature) VALUES (?, ?, ?, ?)',
      )
      .run(
        feed.id,
        Buffer.from(document.buffer, document.byteOffset, document.byteLength),
        packing,
        signature,
      );
  }

  /** How the last try to refresh it ended; null for well, with nothing newer there. */
  checked(id: string, checkedMs: number, failure: Failure | null): void {
    this.#db
      .prepare('UPDATE feeds SET checked_ms = ?, failure = ? WHERE id = ?')
      .run(checkedMs, textOf(failure), id);
  }

  remove(id: string): void {
    this.#db.prepare('DELETE FROM feeds WHERE id = ?').run(id);
  }
}

const textOf = (failure: Failure | null) => (failure === null ? null : JSON.stringify(failure));
