import { z } from 'zod';
import type { Database } from '../database.ts';
import { flagColumn, readOptionalRow } from '../rows.ts';

const surveyRowSchema = z
  .object({
    disk_id: z.string(),
    file_length: z.number().int(),
    modified_ms: z.number(),
    local_bytes: z.number().int(),
    standalone: flagColumn,
    boot_missing_bytes: z.number().int().nullable(),
  })
  .transform((row) => ({
    diskId: row.disk_id,
    fileLength: row.file_length,
    modifiedMs: row.modified_ms,
    localBytes: row.local_bytes,
    standalone: row.standalone,
    bootMissingBytes: row.boot_missing_bytes,
  }));

/** What was counted in an image, and the state of the file it was counted in. */
export type SurveyRow = z.output<typeof surveyRowSchema>;

export class SurveyTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  find(diskId: string): SurveyRow | null {
    return readOptionalRow(
      surveyRowSchema,
      this.#db.prepare('SELECT * FROM surveys WHERE disk_id = ?').get(diskId),
    );
  }

  put(survey: SurveyRow): void {
    this.#db
      .prepare(
        `INSERT OR REPLACE INTO surveys
           (disk_id, file_length, modified_ms, local_bytes, standalone, boot_missing_bytes)
         VALUES (@diskId, @fileLength, @modifiedMs, @localBytes, @standalone, @bootMissingBytes)`,
      )
      .run({ ...survey, standalone: survey.standalone ? 1 : 0 });
  }

  /** What a start of this master reads is known better now: it has to be counted anew on whatever lies on it. */
  forgetBoot(masterId: string): void {
    this.#db
      .prepare(
        `WITH RECURSIVE above (id) AS (
           VALUES (?) UNION SELECT masters.id FROM masters JOIN above ON masters.parent_id = above.id
         )
         UPDATE surveys SET boot_missing_bytes = NULL
         WHERE disk_id IN (SELECT id FROM disks WHERE master_id IN (SELECT id FROM above))`,
      )
      .run(masterId);
  }

  remove(diskId: string): void {
    this.#db.prepare('DELETE FROM surveys WHERE disk_id = ?').run(diskId);
  }
}
