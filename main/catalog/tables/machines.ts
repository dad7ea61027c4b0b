import { z } from 'zod';
import type { Database } from '../database.ts';
import { guestSchema, hardwareSchema, type Hardware } from '../../../shared/hardware.ts';
import { publishedMasterSchema, type PublishedMaster } from '../../../shared/master.ts';
import { jsonColumn, readOptionalRow, readRows } from '../rows.ts';

const machineRowSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    appliance_id: z.string().nullable(),
    memory_mib: z.number().int(),
    created_ms: z.number(),
    started_ms: z.number().nullable(),
    instant_start: jsonColumn(publishedMasterSchema).nullable(),
    guest: jsonColumn(guestSchema),
    hardware: jsonColumn(hardwareSchema),
  })
  .transform((row) => ({
    id: row.id,
    name: row.name,
    applianceId: row.appliance_id,
    memoryMiB: row.memory_mib,
    createdMs: row.created_ms,
    /** When it was last started; null for a machine that never was. */
    startedMs: row.started_ms,
    /** The master whose published state it goes on from at its first start; null where it boots, and later. */
    instantStart: row.instant_start,
    /** What its appliance was made for. */
    guest: row.guest,
    hardware: row.hardware,
  }));

export type MachineRow = z.output<typeof machineRowSchema>;

export class MachineTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  list(): MachineRow[] {
    return readRows(
      machineRowSchema,
      this.#db.prepare('SELECT * FROM machines ORDER BY created_ms, id').all(),
    );
  }

  find(id: string): MachineRow | null {
    return readOptionalRow(machineRowSchema, this.#db.prepare('SELECT * FROM machines WHERE id = ?').get(id));
  }

  isNameTaken(name: string): boolean {
    return this.#db.prepare('SELECT 1 FROM machines WHERE name = ?').get(name) !== undefined;
  }

  add(machine: MachineRow): void {
    this.#db
      .prepare(
        `INSERT INTO machines (id, name, appliance_id, memory_mib, created_ms, started_ms, instant_start,
                               guest, hardware)
         VALUES (@id, @name, @applianceId, @memoryMiB, @createdMs, @startedMs, @instantStart,
                 @guest, @hardware)`,
      )
      .run({
        ...machine,
        instantStart: machine.instantStart && JSON.stringify(machine.instantStart),
        guest: JSON.stringify(machine.guest),
        hardware: JSON.stringify(machine.hardware),
      });
  }

  rename(id: string, name: string): void {
    this.#db.prepare('UPDATE machines SET name = ? WHERE id = ?').run(name, id);
  }

  setMemory(id: string, memoryMiB: number): void {
    this.#db.prepare('UPDATE machines SET memory_mib = ? WHERE id = ?').run(memoryMiB, id);
  }

  setHardware(id: string, hardware: Hardware): void {
    this.#db.prepare('UPDATE machines SET hardware = ? WHERE id = ?').run(JSON.stringify(hardware), id);
  }

  started(id: string, nowMs: number): void {
    this.#db.prepare('UPDATE machines SET started_ms = ? WHERE id = ?').run(nowMs, id);
  }

  setInstantStart(id: string, published: PublishedMaster | null): void {
    const text = published && JSON.stringify(published);
    this.#db.prepare('UPDATE machines SET instant_start = ? WHERE id = ?').run(text, id);
  }

  remove(id: string): void {
    this.#db.prepare('DELETE FROM machines WHERE id = ?').run(id);
  }
}
