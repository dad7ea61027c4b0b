import { z } from 'zod';
import type { Database } from '../database.ts';
import { noticeFactsSchema } from '../../../shared/ipc/notices.ts';
import { jsonColumn, readRows } from '../rows.ts';

const eventRowSchema = z
  .object({
    at_ms: z.number(),
    level: z.enum(['info', 'warning', 'error']),
    kind: z.string(),
    subject: z.string().nullable(),
    text: z.string(),
    told: jsonColumn(noticeFactsSchema).nullable(),
  })
  .transform((row) => ({
    atMs: row.at_ms,
    level: row.level,
    kind: row.kind,
    subject: row.subject,
    text: row.text,
    told: row.told,
  }));

/** Something that happened; `subject` is the id or file it happened to, `told` what goes into the words if the user was told. */
export type EventRow = z.output<typeof eventRowSchema>;

/** Older events are forgotten. */
const MOST_EVENTS = 10_000;

export class EventTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  add(event: EventRow): void {
    const added = this.#db
      .prepare(
        `INSERT INTO events (at_ms, level, kind, subject, text, told)
           VALUES (@atMs, @level, @kind, @subject, @text, @told)`,
      )
      .run({ ...event, told: event.told && JSON.stringify(event.told) });
    this.#db.prepare('DELETE FROM events WHERE id <= ?').run(Number(added.lastInsertRowid) - MOST_EVENTS);
  }

  /** The newest first. */
  latest(most: number): EventRow[] {
    return readRows(
      eventRowSchema,
      this.#db.prepare('SELECT * FROM events ORDER BY id DESC LIMIT ?').all(most),
    );
  }

  /** What the user was told, the newest first. */
  latestTold(most: number): EventRow[] {
    return readRows(
      eventRowSchema,
      this.#db.prepare('SELECT * FROM events WHERE told IS NOT NULL ORDER BY id DESC LIMIT ?').all(most),
    );
  }

  /** Whether such an event was noted for this subject before. */
  has(kind: string, subject: string): boolean {
    return (
      this.#db.prepare('SELECT 1 FROM events WHERE kind = ? AND subject = ?').get(kind, subject) !== undefined
    );
  }

  forget(kind: string, subject: string): void {
    this.#db.prepare('DELETE FROM events WHERE kind = ? AND subject = ?').run(kind, subject);
  }
}
