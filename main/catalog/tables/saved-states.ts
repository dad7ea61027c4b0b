import { z } from 'zod';
import type { Database } from '../database.ts';
import { readOptionalRow, readRows } from '../rows.ts';

const savedStateRowSchema = z
  .object({
    machine_id: z.string(),
    path: z.string(),
    file_bytes: z.number().int().positive(),
    memory_mib: z.number().int().positive(),
    saved_ms: z.number(),
  })
  .transform((row) => ({
    machineId: row.machine_id,
    path: row.path,
    fileBytes: row.file_bytes,
    /** What the guest had; the machine's own may have been changed since. */
    memoryMiB: row.memory_mib,
    savedMs: row.saved_ms,
  }));

/** What a machine goes on from when it is started (ADR 15). */
export type SavedStateRow = z.output<typeof savedStateRowSchema>;

export class SavedStateTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  list(): SavedStateRow[] {
    const rows = this.#db.prepare('SELECT * FROM saved_states ORDER BY saved_ms, machine_id');
    return readRows(savedStateRowSchema, rows.all());
  }

  find(machineId: string): SavedStateRow | null {
    const row = this.#db.prepare('SELECT * FROM saved_states WHERE machine_id = ?');
    return readOptionalRow(savedStateRowSchema, row.get(machineId));
  }

  add(state: SavedStateRow): void {
    this.#db
      .prepare(
        `INSERT INTO saved_states (machine_id, path, file_bytes, memory_mib, saved_ms)
         VALUES (@machineId, @path, @fileBytes, @memoryMiB, @savedMs)`,
      )
      .run(state);
  }

  setPath(machineId: string, path: string): void {
    this.#db.prepare('UPDATE saved_states SET path = ? WHERE machine_id = ?').run(path, machineId);
  }

  remove(machineId: string): void {
    this.#db.prepare('DELETE FROM saved_states WHERE machine_id = ?').run(machineId);
  }
}
