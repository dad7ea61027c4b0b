import type { Clock } from '../../shared/clock.ts';
import { DONE, type Result } from '../../shared/result.ts';
import type { BlockFile } from '../block/file.ts';
import type { L2Table } from './l2-cache.ts';
import { ENTRY_BYTES, SECTOR_BYTES } from './format.ts';
import type { Geometry } from './geometry.ts';
import type { Table, TableRun } from './table.ts';

/**
 * Writes table entries in groups, in an order that leaves the image consistent whatever moment the power fails
 * (design §4, rule 3; ADR 3):
 *
 *     data ── sync ── L2 sectors and new L2 tables ── sync (if L1 changed) ── L1 sectors
 *
 * An entry is copied when the group begins, and it only ever names data that was written before that, so what
 * reaches the disk never points at data that did not. A lost group costs unreferenced clusters and writes nobody
 * flushed, never a wrong byte. QEMU instead syncs before every single L2 update of an overlay.
 */
export class GroupCommit {
  readonly #file: BlockFile;
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #geometry: Geometry;
  readonly #l1: Table;
  readonly #l1Offset: number;
  readonly #changed = new Set<L2Table>();
  readonly #onBackgroundFailure: (result: Result<void>) => void;
  #cancelTimer: (() => void) | null = null;
  #running: Promise<Result<void>> | null = null;
  #queued: Promise<Result<void>> | null = null;
  /** The first failed sync: the kernel may have dropped pages, so nothing can be called durable any more. */
  #lost: Result<void> | null = null;

  /**
   * @param delayMs longest time an entry waits for its group, in milliseconds
   * @param onBackgroundFailure told when a group that no caller waits for fails; its entries stay for the next try
   */
  constructor(options: {
    file: BlockFile;
    clock: Clock;
    delayMs: number;
    geometry: Geometry;
    l1: Table;
    l1Offset: number;
    onBackgroundFailure: (result: Result<void>) => void;
  }) {
    this.#file = options.file;
    this.#clock = options.clock;
    this.#delayMs = options.delayMs;
    this.#geometry = options.geometry;
    this.#l1 = options.l1;
    this.#l1Offset = options.l1Offset;
    this.#onBackgroundFailure = options.onBackgroundFailure;
  }

  /** Notes that a table has entries to write; they go out with the next group. */
  changed(table: L2Table): void {
    this.#changed.add(table);
    this.#cancelTimer ??= this.#clock.after(this.#delayMs, () => {
      this.#cancelTimer = null;
      void this.commit().then((result) => {
        if (!result.ok) this.#onBackgroundFailure(result);
      });
    });
  }

  /** Writes every entry published so far. Durable only after a later sync: see {@link flush}. */
  commit(): Promise<Result<void>> {
    if (this.#running === null) return this.#start();
    // A group under way took its entries already: one more follows it, shared by all who ask meanwhile.
    this.#queued ??= this.#running.then(() => {
      this.#queued = null;
      return this.#start();
    });
    return this.#queued;
  }

  /** Makes everything acknowledged so far durable: data, tables, and the entries that lead to them. */
  async flush(): Promise<Result<void>> {
    const dirty = this.#changed.size > 0 || this.#running !== null;
    if (dirty) {
      const committed = await this.commit();
      if (!committed.ok) return committed;
    }
    return this.#sync();
  }

  /** Stops the timer; entries not yet written stay in memory. */
  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #start(): Promise<Result<void>> {
    const running = this.#run().finally(() => {
      this.#running = null;
    });
    this.#running = running;
    return running;
  }

  async #run(): Promise<Result<void>> {
    this.stop();
    if (this.#changed.size === 0) return this.#lost ?? DONE;
    const group = [...this.#changed].map((entry) => ({
      entry,
      whole: entry.stored ? null : entry.table.bytes.slice(),
      runs: entry.table.takeDirtyRuns(),
    }));
    this.#changed.clear();
    const l1Runs = this.#l1.takeDirtyRuns();
    const written = await this.#write(group, l1Runs);
    if (!written.ok) {
      for (const { entry, runs } of group) {
        entry.table.markDirty(runs);
        this.changed(entry);
      }
      this.#l1.markDirty(l1Runs);
    }
    return written;
  }

  async #write(
    group: readonly { entry: L2Table; whole: Uint8Array | null; runs: TableRun[] }[],
    l1Runs: readonly TableRun[],
  ): Promise<Result<void>> {
    const dataSafe = await this.#sync();
    if (!dataSafe.ok) return dataSafe;
    for (const { entry, whole, runs } of group) {
      const written =
        whole === null
          ? await this.#writeRuns(entry.fileOffset, runs)
          : await this.#writeNewTable(entry.fileOffset, whole);
      if (!written.ok) return written;
      entry.stored = true;
    }
    if (l1Runs.length === 0) return DONE;
    const tablesSafe = await this.#sync();
    return tablesSafe.ok ? this.#writeRuns(this.#l1Offset, l1Runs) : tablesSafe;
  }

  /** A new table lies where the file has no bytes yet: what the image cannot use of it is left a hole. */
  async #writeNewTable(fileOffset: number, used: Uint8Array): Promise<Result<void>> {
    const written = await this.#file.write(fileOffset, used);
    if (!written.ok || used.length === this.#geometry.tableBytes) return written;
    return this.#file.write(fileOffset + this.#geometry.tableBytes - ENTRY_BYTES, new Uint8Array(ENTRY_BYTES));
  }

  async #writeRuns(tableOffset: number, runs: readonly TableRun[]): Promise<Result<void>> {
    for (const run of runs) {
      const written = await this.#file.write(tableOffset + run.firstSector * SECTOR_BYTES, run.bytes);
      if (!written.ok) return written;
    }
    return DONE;
  }

  async #sync(): Promise<Result<void>> {
    if (this.#lost !== null) return this.#lost;
    const synced = await this.#file.sync();
    if (!synced.ok) this.#lost = synced;
    return synced;
  }
}
