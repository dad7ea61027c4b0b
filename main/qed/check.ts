import { DONE, ok, type Result } from '../../shared/result.ts';
import type { BlockFile } from '../block/file.ts';
import type { Range } from '../block/range.ts';
import { ClusterSet } from './cluster-set.ts';
import { isStamped, markStamped } from './content-stamp.ts';
import { ENTRY_BYTES, FEATURE, UNALLOCATED, ZERO_CLUSTER } from './format.ts';
import { geometryOf, l1EntriesUsed, l2EntriesUsed, type Geometry } from './geometry.ts';
import { encodeHeader, readHeader, type Header } from './header.ts';
import { Table } from './table.ts';

/** What a check may change: nothing, only unreferenced space at the end of the file, or wrong entries as well. */
export type Repair = 'none' | 'leaks' | 'all';

/** One fault, with the guest range it affects. */
export interface Finding {
  readonly problem: 'bad-l1-entry' | 'bad-l2-entry' | 'table-overlap' | 'cluster-overlap';
  /** Guest range whose content the entry decides. */
  readonly guest: Range;
  /** Where the entry points. */
  readonly fileOffset: number;
  readonly repaired: boolean;
}

export interface CheckReport {
  /** Faults left in the image; a table that overlaps counts once for each cluster it shares. */
  readonly corruptions: number;
  readonly corruptionsFixed: number;
  /** Clusters of the file that nothing refers to, left in the image. */
  readonly leaks: number;
  readonly leaksFixed: number;
  /** Tables that could not be read. */
  readonly checkErrors: number;
  readonly allocatedClusters: number;
  readonly totalClusters: number;
  readonly fragmentedClusters: number;
  /** The first faults in the order of the guest, at most {@link MAX_FINDINGS}. */
  readonly findings: readonly Finding[];
}

/** A hostile image may hold millions of faults; they are all counted, the first are described. */
export const MAX_FINDINGS = 1000;

/** Entries read at once. */
const PIECE_ENTRIES = 32 * 1024;

/**
 * Checks the tables of an image for entries that point outside the file, for clusters referred to twice and for
 * clusters nothing refers to (qed_spec, "Consistency checking"). With `all`, wrong entries are cleared: the guest then
 * sees the backing file or zeroes there. With `leaks` or `all`, unreferenced clusters at the end of the file are cut
 * off where the tables are sound; QEMU never reclaims them.
 */
export async function checkQed(file: BlockFile, repair: Repair): Promise<Result<CheckReport>> {
  const found = await readHeader(file);
  if (!found.ok) return found;
  const { header, fileBytes } = found.value;
  const check = new Check(file, header, Math.floor(fileBytes / header.clusterBytes), repair);
  return check.run();
}

class Check {
  readonly #file: BlockFile;
  #header: Header;
  readonly #geometry: Geometry;
  readonly #fileClusters: number;
  readonly #repair: Repair;
  readonly #used = new ClusterSet();
  readonly #findings: Finding[] = [];
  #corruptions = 0;
  #corruptionsFixed = 0;
  #checkErrors = 0;
  #allocatedClusters = 0;
  #fragmentedClusters = 0;

  constructor(file: BlockFile, header: Header, fileClusters: number, repair: Repair) {
    this.#file = file;
    this.#header = header;
    this.#geometry = geometryOf(header.clusterBytes, header.tableClusters);
    this.#fileClusters = fileClusters;
    this.#repair = repair;
  }

  async run(): Promise<Result<CheckReport>> {
    const { clusterBytes, bytesPerTable, tableClusters } = this.#geometry;
    const { headerClusters, l1TableOffset, imageBytes } = this.#header;
    this.#used.addRun(0, headerClusters);
    this.#used.addRun(l1TableOffset / clusterBytes, tableClusters);
    const entries = l1EntriesUsed(this.#geometry, imageBytes);
    const scanned = await this.#scanTable(l1TableOffset, entries, async (table, index, number) => {
      const guest = this.#clip({ offset: number * bytesPerTable, length: bytesPerTable });
      if (table.get(index) !== UNALLOCATED) await this.#checkL1Entry(table, index, guest);
    });
    return scanned.ok ? this.#finish() : scanned;
  }

  /**
   * Reads a table piece by piece, hands each entry to `visit` (the piece, the index in it, the index in the table),
   * and writes back what that changed. Tables may be as large as 1 GiB.
   */
  async #scanTable(
    tableOffset: number,
    entries: number,
    visit: (piece: Table, index: number, number: number) => Promise<void> | void,
  ): Promise<Result<void>> {
    for (let first = 0; first < entries; first += PIECE_ENTRIES) {
      const piece = new Table(Math.min(PIECE_ENTRIES, entries - first));
      const position = tableOffset + first * ENTRY_BYTES;
      const read = await this.#file.read(position, piece.bytes);
      if (!read.ok) return read;
      const count = Math.min(piece.entryCount, entries - first);
      for (let index = 0; index < count; index++) {
        const visiting = visit(piece, index, first + index);
        if (visiting !== undefined) await visiting;
      }
      const written = piece.unsaved ? await this.#repairTable(position, piece) : DONE;
      if (!written.ok) return written;
    }
    return DONE;
  }

  /** A guest sees the difference: the name of what it saw before goes first. */
  async #repairTable(position: number, piece: Table): Promise<Result<void>> {
    if (isStamped(this.#header)) {
      const unmarked = await this.#writeHeader(markStamped(this.#header, false));
      const durable = unmarked.ok ? await this.#file.sync() : unmarked;
      if (!durable.ok) return durable;
    }
    return this.#file.write(position, piece.bytes);
  }

  async #checkL1Entry(l1: Table, index: number, guest: Range): Promise<void> {
    const { clusterBytes, tableClusters } = this.#geometry;
    const fileOffset = l1.get(index);
    if (!this.#isValid(fileOffset, tableClusters)) {
      if (this.#found('bad-l1-entry', guest, fileOffset, true)) l1.set(index, UNALLOCATED);
      return;
    }
    const overlapping = this.#used.addRun(fileOffset / clusterBytes, tableClusters);
    if (overlapping > 0) {
      this.#found('table-overlap', guest, fileOffset, false, overlapping);
      return;
    }
    let previous = 0;
    const entries = l2EntriesUsed(this.#geometry, this.#header.imageBytes);
    const scanned = await this.#scanTable(fileOffset, entries, (table, at, number) => {
      const entry = table.get(at);
      if (entry === UNALLOCATED || entry === ZERO_CLUSTER) return;
      this.#allocatedClusters++;
      if (previous !== 0 && previous + clusterBytes !== entry) this.#fragmentedClusters++;
      previous = entry;
      const range = this.#clip({ offset: guest.offset + number * clusterBytes, length: clusterBytes });
      this.#checkL2Entry(table, at, range);
    });
    if (!scanned.ok) this.#checkErrors++;
  }

  #checkL2Entry(table: Table, index: number, guest: Range): void {
    const fileOffset = table.get(index);
    if (!this.#isValid(fileOffset, 1)) {
      if (this.#found('bad-l2-entry', guest, fileOffset, true)) table.set(index, UNALLOCATED);
    } else if (!this.#used.add(fileOffset / this.#geometry.clusterBytes)) {
      this.#found('cluster-overlap', guest, fileOffset, false);
    }
  }

  async #finish(): Promise<Result<CheckReport>> {
    let leaks = this.#checkErrors > 0 ? 0 : this.#fileClusters - this.#used.size;
    const reclaimed = await this.#reclaimTail(leaks);
    if (!reclaimed.ok) return reclaimed;
    leaks -= reclaimed.value;
    if (this.#repair === 'all' && this.#corruptions === 0 && this.#checkErrors === 0) {
      const cleared = await this.#clearNeedCheck();
      if (!cleared.ok) return cleared;
    }
    if (this.#repair !== 'none') {
      const synced = await this.#file.sync();
      if (!synced.ok) return synced;
    }
    return ok({
      corruptions: this.#corruptions,
      corruptionsFixed: this.#corruptionsFixed,
      leaks,
      leaksFixed: reclaimed.value,
      checkErrors: this.#checkErrors,
      allocatedClusters: this.#allocatedClusters,
      totalClusters: Math.ceil(this.#header.imageBytes / this.#geometry.clusterBytes),
      fragmentedClusters: this.#fragmentedClusters,
      findings: this.#findings,
    });
  }

  /**
   * Cuts unreferenced clusters off the end of the file; returns how many. Not where a table was found damaged: what
   * it led to is unreferenced only because of that, and may be all that is left to rescue.
   */
  async #reclaimTail(leaks: number): Promise<Result<number>> {
    const needed = this.#used.highest + 1;
    const damaged = this.#corruptions + this.#corruptionsFixed > 0;
    if (leaks === 0 || damaged || this.#repair === 'none' || needed >= this.#fileClusters) return ok(0);
    const cut = await this.#file.setLength(needed * this.#geometry.clusterBytes);
    return cut.ok ? ok(this.#fileClusters - needed) : cut;
  }

  async #clearNeedCheck(): Promise<Result<void>> {
    if ((this.#header.features & FEATURE.NEED_CHECK) === 0n) return DONE;
    const synced = await this.#file.sync();
    if (!synced.ok) return synced;
    return this.#writeHeader({ features: this.#header.features & ~FEATURE.NEED_CHECK });
  }

  async #writeHeader(changes: Partial<Header>): Promise<Result<void>> {
    this.#header = { ...this.#header, ...changes };
    return this.#file.write(0, encodeHeader(this.#header));
  }

  /** Counts and describes a fault. Returns true when the caller is to repair it. */
  #found(
    problem: Finding['problem'],
    guest: Range,
    fileOffset: number,
    repairable: boolean,
    clusters = 1,
  ): boolean {
    const repaired = repairable && this.#repair === 'all';
    if (repaired) this.#corruptionsFixed += clusters;
    else this.#corruptions += clusters;
    if (this.#findings.length < MAX_FINDINGS) this.#findings.push({ problem, guest, fileOffset, repaired });
    return repaired;
  }

  #isValid(fileOffset: number, clusters: number): boolean {
    const { clusterBytes } = this.#geometry;
    const first = fileOffset / clusterBytes;
    return (
      Number.isInteger(first) &&
      first >= this.#header.headerClusters &&
      first + clusters <= this.#fileClusters
    );
  }

  #clip({ offset, length }: Range): Range {
    return { offset, length: Math.max(0, Math.min(length, this.#header.imageBytes - offset)) };
  }
}
