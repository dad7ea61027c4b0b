import { ok, type Result } from '../../shared/result.ts';
import type { Table } from './table.ts';

/** A slice of an L2 table in memory. */
export interface L2Slice {
  /** Number of the slice, counted through all tables. */
  readonly index: number;
  readonly table: Table;
}

/**
 * Slices of L2 tables in memory, least recently used first to go. Slices that are pinned or not yet written stay,
 * whatever the capacity says: dropping them would lose entries.
 */
export class L2Cache {
  readonly #slices = new Map<number, L2Slice>();
  readonly #loading = new Map<number, Promise<Result<L2Slice>>>();
  readonly #pins = new Map<number, number>();
  readonly #capacity: number;
  #newest: L2Slice | null = null;

  /** @param capacity how many slices to keep where possible, at least 1 */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#slices.size;
  }

  get(index: number): L2Slice | undefined {
    if (this.#newest?.index === index) return this.#newest;
    const found = this.#slices.get(index);
    if (found !== undefined) {
      this.#slices.delete(index);
      this.#slices.set(index, found);
      this.#newest = found;
    }
    return found;
  }

  /**
   * The slice, read by `read` unless it is in memory; concurrent callers share one read. Later work may evict it
   * again: whoever keeps a slice across an `await` pins it.
   */
  load(index: number, read: () => Promise<Result<Table>>): Promise<Result<L2Slice>> {
    const present = this.get(index);
    if (present !== undefined) return Promise.resolve(ok(present));
    const pending = this.#loading.get(index);
    if (pending !== undefined) return pending;
    const loading = read().then((table) => {
      this.#loading.delete(index);
      return table.ok ? ok(this.#add({ index, table: table.value })) : table;
    });
    this.#loading.set(index, loading);
    return loading;
  }

  /** As {@link load}, and keeps the slice in memory until {@link unpin}. */
  async pin(index: number, read: () => Promise<Result<Table>>): Promise<Result<L2Slice>> {
    this.#pins.set(index, (this.#pins.get(index) ?? 0) + 1);
    const loaded = await this.load(index, read);
    if (!loaded.ok) this.unpin(index);
    return loaded;
  }

  unpin(index: number): void {
    const count = (this.#pins.get(index) ?? 0) - 1;
    if (count > 0) this.#pins.set(index, count);
    else this.#pins.delete(index);
  }

  #add(slice: L2Slice): L2Slice {
    this.#slices.set(slice.index, slice);
    this.#newest = slice;
    for (const [index, { table }] of this.#slices) {
      if (this.#slices.size <= this.#capacity) break;
      if (index !== slice.index && !this.#pins.has(index) && !table.unsaved) this.#slices.delete(index);
    }
    return slice;
  }
}
