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

  /** Also those that it does not list any more. Ids of a feed's appliances begin with its own. */
  ofFeed(feedId: string): ApplianceRow[] {
    const sql = "SELECT * FROM appliances WHERE substr(id, 1, length(@feedId) + 1) = @feedId || '-'";
    return readRows(applianceRowSchema, this.#db.prepare(sql).all({ feedId }));
  }

  /** Whether a machine was made from it. */
  isNeeded(id: string): boolean {
    const sql = 'SELECT EXISTS (SELECT 1 FROM machines WHERE appliance_id = ?)';
    return this.#db.prepare(sql).pluck().get(id) === 1;
  }

  /** @param feedId null where no feed lists it any more */
  belongsTo(id: string, feedId: string | null): void {
    this.#db.prepare('UPDATE appliances SET feed_id = ? WHERE id = ?').run(feedId, id);
  }

  /**
   * Those that came from feeds, are not listed by any, and that no machine was made from. What the user added has the id of
   * its master; recipes are listed by their folder.
   */
  unlisted(): ApplianceRow[] {
    const sql = `SELECT appliances.* FROM appliances JOIN masters ON masters.id = appliances.master_id
      WHERE feed_id IS NULL AND appliances.id <> masters.id AND source <> 'recipe'
      AND appliances.id NOT IN (SELECT appliance_id FROM machines WHERE appliance_id IS NOT NULL)`;
    return readRows(applianceRowSchema, this.#db.prepare(sql).all());
  }

  remove(id: string): void {
    this.#db.prepare('DELETE FROM appliances WHERE id = ?').run(id);
  }
}
