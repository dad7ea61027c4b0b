import { z } from 'zod';
import { failureSchema } from '../../../shared/ipc/channel.ts';
import { onErrorSchema, prioritySchema } from '../../../shared/ipc/machines.ts';
import type { Database } from '../database.ts';
import { jsonColumn, readOptionalRow, readRows } from '../rows.ts';

const streamRowSchema = z
  .object({
    disk_id: z.string(),
    wanted: z.enum(['running', 'paused', 'stopped']),
    rate_limit: z.number().int().nullable(),
    on_error: onErrorSchema,
    priority: prioritySchema,
    failure: jsonColumn(failureSchema).nullable(),
    completed_ms: z.number().nullable(),
  })
  .transform((row) => ({
    diskId: row.disk_id,
    wanted: row.wanted,
    limit: row.rate_limit,
    onError: row.on_error,
    priority: row.priority,
    failure: row.failure,
    completedMs: row.completed_ms,
  }));

/** What the user wants of a disk's streaming, and the failure that ended it, if one did. */
export type StreamRow = z.output<typeof streamRowSchema>;

export const newStream = (diskId: string, wanted: StreamRow['wanted']): StreamRow => ({
  diskId,
  wanted,
  limit: null,
  onError: 'enospc',
  priority: 'normal',
  failure: null,
  completedMs: null,
});

export class StreamTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  list(): StreamRow[] {
    return readRows(streamRowSchema, this.#db.prepare('SELECT * FROM streams').all());
  }

  find(diskId: string): StreamRow | null {
    return readOptionalRow(
      streamRowSchema,
      this.#db.prepare('SELECT * FROM streams WHERE disk_id = ?').get(diskId),
    );
  }

  put(stream: StreamRow): void {
    this.#db
      .prepare(
        `INSERT INTO streams (disk_id, wanted, rate_limit, on_error, priority, failure, completed_ms)
         VALUES (@diskId, @wanted, @limit, @onError, @priority, @failure, @completedMs)
         ON CONFLICT (disk_id) DO UPDATE SET wanted = excluded.wanted, rate_limit = excluded.rate_limit,
           on_error = excluded.on_error, priority = excluded.priority, failure = excluded.failure,
           completed_ms = excluded.completed_ms`,
      )
      .run({ ...stream, failure: stream.failure === null ? null : JSON.stringify(stream.failure) });
  }
}
