import type { Clock } from '../../shared/clock.ts';
import { DONE, type Err, type Result } from '../../shared/result.ts';
import type { BlockFile } from '../block/file.ts';
import { SECTOR_BYTES } from './format.ts';
import type { L2Slice } from './l2-cache.ts';
import { SharedRun } from './shared-run.ts';
import type { Table, TableRun } from './table.ts';

export interface GroupCommitOptions {
  readonly file: BlockFile;
  readonly clock: Clock;
  /** Longest time an entry waits for its group, in milliseconds. */
  readonly delayMs: number;
  /** As many changed slices begin a group at once, so that what waits in memory stays bounded. */
  readonly maxWaitingSlices: number;
  readonly l1: Table;
  readonly l1Offset: number;
  /** Where a slice lies in the file. Asked when the slice is written. */
  readonly offsetOf: (slice: L2Slice) => number;
  /** Told when a group that no caller waits for fails. */
  readonly onBackgroundFailure: (failure: Err) => void;
}

/** What one group writes: copies, made when it began. */
interface Group {
  readonly slices: readonly { readonly slice: L2Slice; readonly runs: readonly TableRun[] }[];
  readonly l1Runs: readonly TableRun[];
}

/**
 * Writes table entries in groups, in an order that leaves the image consistent whatever moment the power fails
 * (design §4, rule 3; ADR 3):
 *
 *     data and new, empty L2 tables ── sync ── L2 sectors ── sync (if L1 changed) ── L1 sectors
 *
 * An entry is copied when the group begins, and it only ever names data that was written before that, so what
 * reaches the disk never points at data that did not. A lost group costs unreferenced clusters and writes nobody
 * flushed, never a wrong byte. QEMU instead syncs before every single L2 update of an overlay.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  readonly #groups = new SharedRun(() => this.#runGroup());
  readonly #flushes = new SharedRun(() => this.#runFlush());
  #changed = new Set<L2Slice>();
  #cancelTimer: (() => void) | null = null;
  /** The first failed sync: the kernel may have dropped pages, so nothing can be called durable any more. */
  #lost: Err | null = null;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** Notes that the L1 table leads to a new table, which is written: the entry goes out with the next group. */
  l1Changed(): void {
    this.#awaitGroup();
  }

  /** Notes that a slice has entries to write; they go out with the next group. */
  changed(slice: L2Slice): void {
    this.#changed.add(slice);
    this.#awaitGroup();
    if (this.#changed.size === this.#options.maxWaitingSlices) this.#commitInBackground();
  }

  /** Writes every entry published so far. Durable only after a later sync: see {@link flush}. */
  commit(): Promise<Result<void>> {
    return this.#groups.request();
  }

  /**
   * Makes everything acknowledged so far durable: data, tables, and the entries that lead to them. After a sync has
   * failed, every flush fails: the image must be closed and opened anew.
   */
  flush(): Promise<Result<void>> {
    return this.#flushes.request();
  }

  /** Stops the timer; entries not yet written stay in memory. */
  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  get #hasChanges(): boolean {
    return this.#changed.size > 0 || this.#options.l1.unsaved;
  }

  #awaitGroup(): void {
    this.#cancelTimer ??= this.#options.clock.after(this.#options.delayMs, () => {
      this.#commitInBackground();
    });
  }

  #commitInBackground(): void {
    this.stop();
    void this.commit().then((result) => {
      if (!result.ok) this.#options.onBackgroundFailure(result);
    });
  }

  async #runFlush(): Promise<Result<void>> {
    if (this.#hasChanges || this.#groups.active) {
      const committed = await this.commit();
      if (!committed.ok) return committed;
    }
    return this.#sync();
  }

  async #runGroup(): Promise<Result<void>> {
    this.stop();
    if (this.#lost !== null) return this.#lost;
    if (!this.#hasChanges) return DONE;
    const group = this.#takeGroup();
    const written = await this.#write(group);
    this.#settle(group, written.ok);
    return written;
  }

  #takeGroup(): Group {
    const slices = [...this.#changed].map((slice) => ({ slice, runs: slice.table.takeDirtyRuns() }));
    const group = { slices, l1Runs: this.#options.l1.takeDirtyRuns() };
    this.#changed = new Set();
    return group;
  }

  /** Entries of a failed group wait for the next one, unless there can be none any more. */
  #settle({ slices, l1Runs }: Group, written: boolean): void {
    this.#options.l1.settle(l1Runs, written);
    for (const { slice, runs } of slices) slice.table.settle(runs, written);
    if (written) return;
    if (this.#lost === null && l1Runs.length > 0) this.#awaitGroup();
    for (const { slice } of slices) {
      if (this.#lost === null) this.changed(slice);
      else this.#changed.add(slice);
    }
  }

  async #write({ slices, l1Runs }: Group): Promise<Result<void>> {
    const dataSafe = await this.#sync();
    if (!dataSafe.ok) return dataSafe;
    for (const { slice, runs } of slices) {
      const written = await this.#writeRuns(this.#options.offsetOf(slice), runs);
      if (!written.ok) return written;
    }
    if (l1Runs.length === 0) return DONE;
    const tablesSafe = await this.#sync();
    return tablesSafe.ok ? this.#writeRuns(this.#options.l1Offset, l1Runs) : tablesSafe;
  }

  async #writeRuns(position: number, runs: readonly TableRun[]): Promise<Result<void>> {
    for (const run of runs) {
      const written = await this.#options.file.write(position + run.firstSector * SECTOR_BYTES, run.bytes);
      if (!written.ok) return written;
    }
    return DONE;
  }

  async #sync(): Promise<Result<void>> {
    if (this.#lost !== null) return this.#lost;
    const synced = await this.#options.file.sync();
    if (!synced.ok) this.#lost = synced;
    return synced;
  }
}
