import { z } from 'zod';
import { bootBytesOf, bootProfileSchema } from '../../../shared/boot-profile.ts';
import type { Database } from '../database.ts';
import { jsonColumn, readOptionalRow, readRows } from '../rows.ts';

const bootProfileRowSchema = z
  .object({
    master_id: z.string(),
    origin: z.enum(['published', 'login', 'quiet']),
    profile: jsonColumn(bootProfileSchema),
    recorded_ms: z.number(),
    sha256: z.string().nullable(),
  })
  .transform((row) => ({
    masterId: row.master_id,
    origin: row.origin,
    profile: row.profile,
    recordedMs: row.recorded_ms,
    sha256: row.sha256,
  }));

/** What a start of a master reads, and how that is known. */
export type BootProfileRow = z.output<typeof bootProfileRowSchema>;

const bootBytesRowSchema = z.object({ master_id: z.string(), boot_bytes: z.number().int().positive() });

export class BootProfileTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  find(masterId: string): BootProfileRow | null {
    return readOptionalRow(
      bootProfileRowSchema,
      this.#db.prepare('SELECT * FROM boot_profiles WHERE master_id = ?').get(masterId),
    );
  }

  put(row: BootProfileRow): void {
    this.#db
      .prepare(
        `INSERT OR REPLACE INTO boot_profiles (master_id, origin, profile, boot_bytes, recorded_ms, sha256)
         VALUES (@masterId, @origin, @profile, @bootBytes, @recordedMs, @sha256)`,
      )
      .run({ ...row, profile: JSON.stringify(row.profile), bootBytes: bootBytesOf(row.profile) });
  }

  /** How much a start reads, by master, without the profiles themselves. */
  bootBytes(): Map<string, number> {
    const rows = readRows(
      bootBytesRowSchema,
      this.#db.prepare('SELECT master_id, boot_bytes FROM boot_profiles').all(),
    );
    return new Map(rows.map(({ master_id, boot_bytes }) => [master_id, boot_bytes]));
  }
}
