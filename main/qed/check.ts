import { DONE, ok, type Result } from '../../shared/result.ts';
import type { BlockFile } from '../block/file.ts';
import type { Range } from '../block/range.ts';
import { ClusterSet } from './cluster-set.ts';
import { FEATURE, UNALLOCATED, ZERO_CLUSTER } from './format.ts';
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
  /** Faults left in the image. */
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

/**
 * Checks the tables of an image for entries that point outside the file, for clusters referred to twice and for
 * clusters nothing refers to (qed_spec, "Consistency checking"). With `all`, wrong entries are cleared: the guest then
 * sees the backing file or zeroes there. With `leaks` or `all`, unreferenced clusters at the end of the file are cut
 * off; QEMU never reclaims them.
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
  readonly #header: Header;
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
    const { clusterBytes } = this.#geometry;
    this.#used.addRun(0, this.#header.headerClusters);
    this.#used.addRun(this.#header.l1TableOffset / clusterBytes, this.#header.tableClusters);
    const l1 = new Table(l1EntriesUsed(this.#geometry, this.#header.imageBytes));
    const read = await this.#file.read(this.#header.l1TableOffset, l1.bytes);
    if (!read.ok) return read;
    for (let index = 0; index < l1.entryCount; index++) {
      if (l1.get(index) !== UNALLOCATED) await this.#checkL1Entry(l1, index);
    }
    const repaired = await this.#writeBack(this.#header.l1TableOffset, l1);
    if (!repaired.ok) return repaired;
    return this.#finish();
  }

  async #checkL1Entry(l1: Table, index: number): Promise<void> {
    const { clusterBytes, tableClusters, bytesPerTable } = this.#geometry;
    const fileOffset = l1.get(index);
    const guest = this.#clip({ offset: index * bytesPerTable, length: bytesPerTable });
    if (!this.#isValid(fileOffset, tableClusters)) {
      if (this.#found('bad-l1-entry', guest, fileOffset, true)) l1.set(index, UNALLOCATED);
      return;
    }
    if (!this.#used.addRun(fileOffset / clusterBytes, tableClusters)) {
      this.#found('table-overlap', guest, fileOffset, false);
      return;
    }
    const table = new Table(l2EntriesUsed(this.#geometry, this.#header.imageBytes));
    const read = await this.#file.read(fileOffset, table.bytes);
    if (!read.ok) {
      this.#checkErrors++;
      return;
    }
    this.#checkL2Table(table, guest.offset);
    const repaired = await this.#writeBack(fileOffset, table);
    if (!repaired.ok) this.#checkErrors++;
  }

  #checkL2Table(table: Table, guestStart: number): void {
    const { clusterBytes } = this.#geometry;
    let previous = 0;
    for (let index = 0; index < table.entryCount; index++) {
      const entry = table.get(index);
      if (entry === UNALLOCATED || entry === ZERO_CLUSTER) continue;
      this.#allocatedClusters++;
      if (previous !== 0 && previous + clusterBytes !== entry) this.#fragmentedClusters++;
      previous = entry;
      const guest = this.#clip({ offset: guestStart + index * clusterBytes, length: clusterBytes });
      if (!this.#isValid(entry, 1)) {
        if (this.#found('bad-l2-entry', guest, entry, true)) table.set(index, UNALLOCATED);
      } else if (!this.#used.add(entry / clusterBytes)) {
        this.#found('cluster-overlap', guest, entry, false);
      }
    }
  }

  async #finish(): Promise<Result<CheckReport>> {
    const { clusterBytes } = this.#geometry;
    let leaks = this.#checkErrors > 0 ? 0 : this.#fileClusters - this.#used.size;
    let leaksFixed = 0;
    const usedClusters = this.#used.highest + 1;
    if (leaks > 0 && this.#repair !== 'none' && usedClusters < this.#fileClusters) {
      const cut = await this.#file.setLength(usedClusters * clusterBytes);
      if (!cut.ok) return cut;
      leaksFixed = this.#fileClusters - usedClusters;
      leaks -= leaksFixed;
    }
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
      leaksFixed,
      checkErrors: this.#checkErrors,
      allocatedClusters: this.#allocatedClusters,
      totalClusters: Math.ceil(this.#header.imageBytes / clusterBytes),
      fragmentedClusters: this.#fragmentedClusters,
      findings: this.#findings,
    });
  }

  async #clearNeedCheck(): Promise<Result<void>> {
    if ((this.#header.features & FEATURE.NEED_CHECK) === 0n) return DONE;
    const synced = await this.#file.sync();
    if (!synced.ok) return synced;
    const features = this.#header.features & ~FEATURE.NEED_CHECK;
    return this.#file.write(0, encodeHeader({ ...this.#header, features }));
  }

  async #writeBack(fileOffset: number, table: Table): Promise<Result<void>> {
    return table.dirty ? this.#file.write(fileOffset, table.bytes) : DONE;
  }

  /** Counts and describes a fault. Returns true when the caller is to repair it. */
  #found(problem: Finding['problem'], guest: Range, fileOffset: number, repairable: boolean): boolean {
    const repaired = repairable && this.#repair === 'all';
    if (repaired) this.#corruptionsFixed++;
    else this.#corruptions++;
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
