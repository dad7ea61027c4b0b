import { z } from 'zod';
import type { Database } from '../database.ts';
import { readOptionalRow, readRows } from '../rows.ts';

const diskRowSchema = z
  .object({
    id: z.string(),
    machine_id: z.string().nullable(),
    master_id: z.string().nullable(),
    kind: z.enum(['standalone', 'linked']),
    path: z.string(),
    length_bytes: z.number().int().positive(),
    created_ms: z.number(),
  })
  .transform((row) => ({
    id: row.id,
    machineId: row.machine_id,
    masterId: row.master_id,
    kind: row.kind,
    path: row.path,
    lengthBytes: row.length_bytes,
    createdMs: row.created_ms,
  }));

/** An overlay of ours. */
export type DiskRow = z.output<typeof diskRowSchema>;

export class DiskTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  list(): DiskRow[] {
    return readRows(diskRowSchema, this.#db.prepare('SELECT * FROM disks ORDER BY created_ms, id').all());
  }

  ofMachine(machineId: string): DiskRow[] {
    const rows = this.#db.prepare('SELECT * FROM disks WHERE machine_id = ? ORDER BY created_ms, id');
    return readRows(diskRowSchema, rows.all(machineId));
  }

  find(id: string): DiskRow | null {
    return readOptionalRow(diskRowSchema, this.#db.prepare('SELECT * FROM disks WHERE id = ?').get(id));
  }

  add(disk: DiskRow): void {
    this.#db
      .prepare(
        `INSERT INTO disks (id, machine_id, master_id, kind, path, length_bytes, created_ms)
         VALUES (@id, @machineId, @masterId, @kind, @path, @lengthBytes, @createdMs)`,
      )
      .run(disk);
  }

  setPath(id: string, path: string): void {
    this.#db.prepare('UPDATE disks SET path = ? WHERE id = ?').run(path, id);
  }

  setKind(id: string, kind: DiskRow['kind']): void {
    this.#db.prepare('UPDATE disks SET kind = ? WHERE id = ?').run(kind, id);
  }

  /** Puts the disk's new content into another file, over another master. */
  replaceImage(id: string, image: Pick<DiskRow, 'path' | 'masterId' | 'kind'>): void {
    this.#db
      .prepare('UPDATE disks SET path = @path, master_id = @masterId, kind = @kind WHERE id = @id')
      .run({ id, ...image });
  }

  remove(id: string): void {
    this.#db.prepare('DELETE FROM disks WHERE id = ?').run(id);
  }
}
