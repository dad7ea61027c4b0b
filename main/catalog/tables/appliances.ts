import { z } from 'zod';
import { applianceDescriptionSchema } from '../../../shared/appliance.ts';
import type { Database } from '../database.ts';
import { jsonColumn, readOptionalRow, readRows } from '../rows.ts';

const applianceRowSchema = z
  .object({
    id: z.string(),
    feed_id: z.string().nullable(),
    master_id: z.string().nullable(),
    description: jsonColumn(applianceDescriptionSchema),
    added_ms: z.number(),
  })
  .transform((row) => ({
    id: row.id,
    feedId: row.feed_id,
    masterId: row.master_id,
    description: row.description,
    addedMs: row.added_ms,
  }));

/** What machines can be made from, as it was when it was last seen. */
export type ApplianceRow = z.output<typeof applianceRowSchema>;

export class ApplianceTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  list(): ApplianceRow[] {
    return readRows(
      applianceRowSchema,
      this.#db.prepare('SELECT * FROM appliances ORDER BY added_ms, id').all(),
    );
  }

  find(id: string): ApplianceRow | null {
    return readOptionalRow(
      applianceRowSchema,
      this.#db.prepare('SELECT * FROM appliances WHERE id = ?').get(id),
    );
  }

  put(appliance: ApplianceRow): void {
    this.#db
      .prepare(
        `INSERT INTO appliances (id, feed_id, master_id, description, added_ms)
         VALUES (@id, @feedId, @masterId, @description, @addedMs)
         ON CONFLICT (id) DO UPDATE SET feed_id = excluded.feed_id, master_id = excluded.master_id,
           description = excluded.description`,
      )
      .run({ ...appliance, description: JSON.stringify(appliance.description) });
  }

  ofFeed(feedId: string): ApplianceRow[] {
    return readRows(
      applianceRowSchema,
      this.#db.prepare('SELECT * FROM appliances WHERE feed_id = ?').all(feedId),
    );
  }

  /** Whether a machine was made from it. */
  isNeeded(id: string): boolean {
    const sql = 'SELECT EXISTS (SELECT 1 FROM machines WHERE appliance_id = ?)';
    return this.#db.prepare(sql).pluck().get(id) === 1;
  }

  /** What is left of a feed's appliances belongs to no feed from now on. */
  leaveFeed(feedId: string): void {
    this.#db.prepare('UPDATE appliances SET feed_id = NULL WHERE feed_id = ?').run(feedId);
  }

  remove(id: string): void {
    this.#db.prepare('DELETE FROM appliances WHERE id = ?').run(id);
  }
}
