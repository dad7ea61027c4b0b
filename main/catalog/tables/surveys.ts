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
  })
  .transform((row) => ({
    diskId: row.disk_id,
    fileLength: row.file_length,
    modifiedMs: row.modified_ms,
    localBytes: row.local_bytes,
    standalone: row.standalone,
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
        `INSERT OR REPLACE INTO surveys (disk_id, file_length, modified_ms, local_bytes, standalone)
         VALUES (@diskId, @fileLength, @modifiedMs, @localBytes, @standalone)`,
      )
      .run({ ...survey, standalone: survey.standalone ? 1 : 0 });
  }

  remove(diskId: string): void {
    this.#db.prepare('DELETE FROM surveys WHERE disk_id = ?').run(diskId);
  }
}
