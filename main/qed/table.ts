import { alignUp } from '../../shared/units.ts';
import { ENTRIES_PER_SECTOR, ENTRY_BYTES, SECTOR_BYTES } from './format.ts';

const HIGH_WORD = 2 ** 32;

/**
 * An L1 or L2 table in memory, byte for byte as on disk, as far as the image can use it, with a note of which sectors differ from the disk. Entries
 * are read as numbers without going through BigInt, which would allocate on every look-up. A hostile entry beyond
 * 2^53 loses precision but stays far outside any file, so that it still fails the range check.
 */
export class Table {
  readonly bytes: Uint8Array;
  readonly #words: Uint32Array;
  #dirtySectors = new Set<number>();

  /** @param entryCount entries the image can use: tables may be much larger on disk */
  constructor(entryCount: number) {
    const buffer = new ArrayBuffer(alignUp(entryCount * ENTRY_BYTES, SECTOR_BYTES));
    this.bytes = new Uint8Array(buffer);
    this.#words = new Uint32Array(buffer);
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

  get dirty(): boolean {
    return this.#dirtySectors.size > 0;
  }

  /** Copies the changed sectors, in runs, and forgets that they were changed. */
  takeDirtyRuns(): TableRun[] {
    const sectors = [...this.#dirtySectors].sort((a, b) => a - b);
    this.#dirtySectors.clear();
    const runs: TableRun[] = [];
    for (let i = 0; i < sectors.length; ) {
      const first = sectors[i] ?? 0;
      let count = 1;
      while (sectors[i + count] === first + count) count++;
      const start = first * SECTOR_BYTES;
      runs.push({ firstSector: first, bytes: this.bytes.slice(start, start + count * SECTOR_BYTES) });
      i += count;
    }
    return runs;
  }

  /** Takes back what {@link takeDirtyRuns} gave out, after it could not be written. */
  markDirty(runs: readonly TableRun[]): void {
    for (const run of runs) {
      const count = run.bytes.length / SECTOR_BYTES;
      for (let i = 0; i < count; i++) this.#dirtySectors.add(run.firstSector + i);
    }
  }
}

/** Consecutive changed sectors of a table, as they were when the commit began. */
export interface TableRun {
  readonly firstSector: number;
  readonly bytes: Uint8Array;
}
