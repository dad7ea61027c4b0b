import { ok, type Result } from '../../shared/result.ts';
import type { Table } from './table.ts';

/** An L2 table in memory. */
export interface L2Table {
  readonly l1Index: number;
  readonly fileOffset: number;
  readonly table: Table;
  /** False until the whole table was written once; the L1 entry follows only then. */
  stored: boolean;
}

/**
 * L2 tables in memory, least recently used first to go. Tables that are pinned or hold unwritten entries stay,
 * whatever the capacity says: dropping them would lose writes.
 */
export class L2Cache {
  readonly #tables = new Map<number, L2Table>();
  readonly #loading = new Map<number, Promise<Result<L2Table>>>();
  readonly #pins = new Map<number, number>();
  readonly #capacity: number;

  /** @param capacity how many tables to keep where possible, at least 1 */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(l1Index: number): L2Table | undefined {
    const found = this.#tables.get(l1Index);
    if (found !== undefined && this.#tables.size > 1) {
      this.#tables.delete(l1Index);
      this.#tables.set(l1Index, found);
    }
    return found;
  }

  add(entry: L2Table): void {
    this.#tables.set(entry.l1Index, entry);
    if (this.#tables.size > this.#capacity) this.#evict(entry);
  }

  /**
   * The table, read by `read` unless it is in memory; concurrent callers share one read. Later work may evict it
   * again: whoever keeps a table across an `await` pins it.
   */
  load(l1Index: number, read: () => Promise<Result<L2Table>>): Promise<Result<L2Table>> {
    const pending = this.#loading.get(l1Index);
    if (pending !== undefined) return pending;
    const loading = (async () => {
      const loaded = await read();
      this.#loading.delete(l1Index);
      if (!loaded.ok) return loaded;
      const winner = this.get(l1Index) ?? loaded.value;
      if (winner === loaded.value) this.add(winner);
      return ok(winner);
    })();
    this.#loading.set(l1Index, loading);
    return loading;
  }

  pin(l1Index: number): void {
    this.#pins.set(l1Index, (this.#pins.get(l1Index) ?? 0) + 1);
  }

  unpin(l1Index: number): void {
    const count = (this.#pins.get(l1Index) ?? 0) - 1;
    if (count > 0) this.#pins.set(l1Index, count);
    else this.#pins.delete(l1Index);
  }


  #evict(newcomer: L2Table): void {
    for (const [l1Index, entry] of this.#tables) {
      if (this.#tables.size <= this.#capacity) return;
      const needed = this.#pins.has(l1Index) || !entry.stored || entry.table.dirty || entry === newcomer;
      if (!needed) this.#tables.delete(l1Index);
    }
  }
}
