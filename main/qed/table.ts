import { alignUp } from '../../shared/units.ts';
import { ENTRIES_PER_SECTOR, ENTRY_BYTES, SECTOR_BYTES } from './format.ts';

const HIGH_WORD = 2 ** 32;

/**
 * Consecutive entries of an L1 or L2 table in memory, byte for byte as on disk, with a note of which sectors differ
 * from the disk. Entries are read as numbers without going through BigInt, which would allocate on every look-up. A
 * hostile entry beyond 2^53 loses precision but stays far outside any file, so that it still fails the range check.
 */
export class Table {
  #bytes: Uint8Array;
  #words: Uint32Array;
  readonly #dirtySectors = new Set<number>();
  #writing = 0;

  /** @param entryCount rounded up to whole sectors */
  constructor(entryCount: number) {
    const buffer = bufferFor(entryCount);
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Uint32Array(buffer);
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get entryCount(): number {
    return this.#words.length / 2;
  }

  get(index: number): number {
    const words = this.#words;
    return (words[2 * index] ?? 0) + (words[2 * index + 1] ?? 0) * HIGH_WORD;
  }

  set(index: number, entry: number): void {
    this.#words[2 * index] = entry % HIGH_WORD;
    this.#words[2 * index + 1] = Math.floor(entry / HIGH_WORD);
    this.#dirtySectors.add(Math.floor(index / ENTRIES_PER_SECTOR));
  }

  /** Makes room for more entries; those added are 0. */
  grow(entryCount: number): void {
    if (entryCount <= this.entryCount) return;
    const buffer = bufferFor(entryCount);
    const bytes = new Uint8Array(buffer);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#words = new Uint32Array(buffer);
  }

  /** True while the disk may differ: entries were changed, or are being written at this moment. */
  get unsaved(): boolean {
    return this.#dirtySectors.size > 0 || this.#writing > 0;
  }

  /** Copies the changed sectors, in runs, to be written now. The caller reports the end with {@link settle}. */
  takeDirtyRuns(): TableRun[] {
    const sectors = [...this.#dirtySectors].sort((a, b) => a - b);
    this.#dirtySectors.clear();
    this.#writing++;
    const runs: TableRun[] = [];
    for (let i = 0; i < sectors.length;) {
      const first = sectors[i] ?? 0;
      let count = 1;
      while (sectors[i + count] === first + count) count++;
      const start = first * SECTOR_BYTES;
      runs.push({ firstSector: first, bytes: this.#bytes.slice(start, start + count * SECTOR_BYTES) });
      i += count;
    }
    return runs;
  }

  /** Ends what {@link takeDirtyRuns} began; runs that could not be written are changed entries again. */
  settle(runs: readonly TableRun[], written: boolean): void {
    this.#writing--;
    if (written) return;
    for (const run of runs) {
      const count = run.bytes.length / SECTOR_BYTES;
      for (let i = 0; i < count; i++) this.#dirtySectors.add(run.firstSector + i);
    }
  }
}

function bufferFor(entryCount: number): ArrayBuffer {
  return new ArrayBuffer(alignUp(entryCount * ENTRY_BYTES, SECTOR_BYTES));
}

/** Consecutive changed sectors of a table, as they were when the commit began. */
export interface TableRun {
  readonly firstSector: number;
  readonly bytes: Uint8Array;
}
