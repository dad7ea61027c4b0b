import { z } from 'zod';
import { masterSourceSchema } from '../../../shared/ipc/catalog.ts';
import { publishedMasterSchema } from '../../../shared/master.ts';
import type { Database } from '../database.ts';
import { flagColumn, jsonColumn, readOptionalRow, readRows } from '../rows.ts';

const masterRowSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    source: masterSourceSchema,
    location: z.string(),
    format: z.enum(['raw', 'qed']),
    length_bytes: z.number().int().positive(),
    etag: z.string().nullable(),
    last_modified: z.string().nullable(),
    sha256: z.string().nullable(),
    parent_id: z.string().nullable(),
    owned: flagColumn,
    role: z.enum(['master', 'snapshot', 'copy']),
    import_state: z.enum(['ready', 'importing', 'failed']),
    import_problem: z.string().nullable(),
    created_ms: z.number(),
    published: jsonColumn(publishedMasterSchema).nullable(),
    copy_of: z.string().nullable(),
  })
  .transform((row) => ({
    id: row.id,
    name: row.name,
    source: row.source,
    location: row.location,
    format: row.format,
    lengthBytes: row.length_bytes,
    etag: row.etag,
    lastModified: row.last_modified,
    sha256: row.sha256,
    parentId: row.parent_id,
    owned: row.owned,
    role: row.role,
    importState: row.import_state,
    importProblem: row.import_problem,
    createdMs: row.created_ms,
    published: row.published,
    copyOf: row.copy_of,
  }));

/** A disk that overlays lie on; see the schema for what the members mean. */
export type Master = z.output<typeof masterRowSchema>;

type Given = 'id' | 'name' | 'source' | 'location' | 'format' | 'lengthBytes' | 'createdMs';

/** A row for a disk that needs no other and belongs to somebody else, but for what is said otherwise. */
export const newMaster = (facts: Pick<Master, Given> & Partial<Omit<Master, Given>>): Master => ({
  etag: null,
  lastModified: null,
  sha256: null,
  parentId: null,
  owned: false,
  role: 'master',
  copyOf: null,
  importState: 'ready',
  importProblem: null,
  published: null,
  ...facts,
});

export class MasterTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  list(): Master[] {
    return readRows(masterRowSchema, this.#db.prepare('SELECT * FROM masters ORDER BY created_ms, id').all());
  }

  find(id: string): Master | null {
    return readOptionalRow(masterRowSchema, this.#db.prepare('SELECT * FROM masters WHERE id = ?').get(id));
  }

  /** The master and those behind it, topmost first. */
  withParents(id: string): Master[] {
    const chain: Master[] = [];
    let next = this.find(id);
    while (next !== null && !chain.some(({ id: seen }) => seen === next?.id)) {
      chain.push(next);
      next = next.parentId === null ? null : this.find(next.parentId);
    }
    return chain;
  }

  /** The local copy of a master, complete or not. */
  copyOf(id: string): Master | null {
    return readOptionalRow(
      masterRowSchema,
      this.#db.prepare('SELECT * FROM masters WHERE copy_of = ?').get(id),
    );
  }

  add(master: Master): void {
    this.#db
      .prepare(
        `INSERT INTO masters (id, name, source, location, format, length_bytes, etag, last_modified, sha256, parent_id,
           owned, role, import_state, import_problem, created_ms, published, copy_of)
         VALUES (@id, @name, @source, @location, @format, @lengthBytes, @etag, @lastModified, @sha256, @parentId,
           @owned, @role, @importState, @importProblem, @createdMs, @published, @copyOf)`,
      )
      .run({
        ...master,
        owned: master.owned ? 1 : 0,
        published: master.published && JSON.stringify(master.published),
      });
  }

  /** Where the same content lies now, and what it is recognised by there. */
  moved(id: string, location: string, lastModified: string | null): void {
    this.#db
      .prepare('UPDATE masters SET location = ?, last_modified = ? WHERE id = ?')
      .run(location, lastModified, id);
  }

  /** Where the user says that the same disk lies now, and what it is recognised by there. */
  relocated(
    master: Pick<Master, 'id' | 'source' | 'location' | 'etag' | 'lastModified' | 'published'>,
  ): void {
    this.#db
      .prepare(
        `UPDATE masters SET source = @source, location = @location, etag = @etag, last_modified = @lastModified,
           published = @published WHERE id = @id`,
      )
      .run({ ...master, published: master.published && JSON.stringify(master.published) });
  }

  /** Where the same published content lies now. */
  published(id: string, { location, published }: Pick<Master, 'location' | 'published'>): void {
    this.#db
      .prepare('UPDATE masters SET location = ?, published = ? WHERE id = ?')
      .run(location, JSON.stringify(published), id);
  }

  /** Masters that came from feeds, published or fetched whole, and that no appliance and nothing else has any more. */
  unused(): Master[] {
    const sql = `SELECT * FROM masters WHERE role = 'master' AND (published IS NOT NULL OR owned = 1)
      AND import_state = 'ready'
      AND id NOT IN (SELECT master_id FROM appliances WHERE master_id IS NOT NULL)
      AND id NOT IN (SELECT master_id FROM disks WHERE master_id IS NOT NULL)
      AND id NOT IN (SELECT parent_id FROM masters WHERE parent_id IS NOT NULL)`;
    return readRows(masterRowSchema, this.#db.prepare(sql).all());
  }

  /** Ids of local copies that nothing lies on, and that nothing ever will: of masters that no appliance has. */
  uselessCopies(): string[] {
    const sql = `SELECT copies.id FROM masters AS copies LEFT JOIN masters AS originals ON originals.id = copies.copy_of
      WHERE copies.role = 'copy'
      AND (originals.id IS NULL OR originals.published IS NOT NULL
        AND originals.id NOT IN (SELECT master_id FROM appliances WHERE master_id IS NOT NULL))
      AND copies.id NOT IN (SELECT master_id FROM disks WHERE master_id IS NOT NULL)
      AND copies.id NOT IN (SELECT parent_id FROM masters WHERE parent_id IS NOT NULL)`;
    return z.array(z.string()).parse(this.#db.prepare(sql).pluck().all());
  }

  imported(id: string, state: Master['importState'], problem: string | null): void {
    this.#db
      .prepare('UPDATE masters SET import_state = ?, import_problem = ? WHERE id = ?')
      .run(state, problem, id);
  }

  /** Nothing of what lay behind it is needed any more. */
  complete(id: string): void {
    this.#db.prepare('UPDATE masters SET parent_id = NULL WHERE id = ?').run(id);
  }

  remove(id: string): void {
    this.#db.prepare('DELETE FROM masters WHERE id = ?').run(id);
  }

  /** Whether any disk or other master lies on it. */
  isNeeded(id: string): boolean {
    const sql =
      'SELECT EXISTS (SELECT 1 FROM disks WHERE master_id = @id) OR EXISTS (SELECT 1 FROM masters WHERE parent_id = @id)';
    return this.#db.prepare(sql).pluck().get({ id }) === 1;
  }

  /** Names of the machines whose disks lie on it, directly or through snapshots and copies. */
  neededBy(id: string): string[] {
    return z.array(z.string()).parse(
      this.#db
        .prepare(
          `WITH RECURSIVE above (id) AS (
             VALUES (?) UNION SELECT masters.id FROM masters JOIN above ON masters.parent_id = above.id
           )
           SELECT DISTINCT coalesce(machines.name, disks.path) FROM disks
           LEFT JOIN machines ON machines.id = disks.machine_id
           WHERE disks.master_id IN (SELECT id FROM above)
             AND disks.id NOT IN (SELECT id FROM masters WHERE role = 'copy') ORDER BY 1`,
        )
        .pluck()
        .all(id),
    );
  }
}
