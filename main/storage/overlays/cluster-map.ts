import { ok, type Result } from '../../../shared/result.ts';
import type { BlockFile } from '../../block/file.ts';
import { NodeFile } from '../../block/node-file.ts';
import { UNALLOCATED, ZERO_CLUSTER } from '../../qed/format.ts';
import { hasBackingFile } from '../../qed/header.ts';
import { hasTable, l2EntriesAt, readTables, visitEntries, type ImageTables } from './tables-of.ts';

/** One stretch of a disk: what part of it is in which state, each from 0 to 1. */
export interface MapCell {
  data: number;
  zero: number;
  missing: number;
}

type Kind = keyof MapCell;

/** Entries read for one map; of larger images a sample, so that a full disk of 64 TiB takes no longer than one of 256 GiB. */
const MOST_ENTRIES = 4 * 1024 * 1024;
/** Entries of one sample: a sector of the file. */
const SAMPLE_ENTRIES = 64;

/**
 * Draws the image at `path` as `cells` stretches of equal length. Exact as long as the image's tables
 * cover no more than 256 GiB (with clusters of 64 KiB), a fair sample beyond. The image may be open and being written.
 * @param sourceBytes length of what lies behind: beyond it nothing is missing
 */
export async function mapImage(path: string, cells: number, sourceBytes: number): Promise<Result<MapCell[]>> {
  const file = NodeFile.open(path, { readOnly: true });
  if (!file.ok) return file;
  const map = await drawMap(file.value, cells, sourceBytes);
  await file.value.close();
  return map;
}

/** As {@link mapImage}, of an image that is open already. */
export async function drawMap(
  file: BlockFile,
  cells: number,
  sourceBytes: number,
): Promise<Result<MapCell[]>> {
  const tables = await readTables(file);
  if (!tables.ok) return tables;
  const needed = hasBackingFile(tables.value.header) ? sourceBytes : 0;
  return new Drawing(tables.value, cells, needed).draw();
}

class Drawing {
  readonly #tables: ImageTables;
  readonly #cells: MapCell[];
  readonly #cellBytes: number;
  readonly #lengthBytes: number;
  readonly #neededBytes: number;

  constructor(tables: ImageTables, cells: number, neededBytes: number) {
    this.#tables = tables;
    this.#lengthBytes = tables.header.imageBytes;
    this.#cellBytes = this.#lengthBytes / cells;
    this.#neededBytes = neededBytes;
    this.#cells = Array.from({ length: cells }, () => ({ data: 0, zero: 0, missing: 0 }));
  }

  async draw(): Promise<Result<MapCell[]>> {
    const { bytesPerTable, clusterBytes } = this.#tables.geometry;
    const sampling = this.#sampling();
    for (let index = 0; index < this.#tables.l1Entries; index++) {
      const start = index * bytesPerTable;
      if (!hasTable(this.#tables, index)) {
        this.#add('missing', start, start + bytesPerTable, 1);
        continue;
      }
      const entries = l2EntriesAt(this.#tables, index);
      for (let first = 0; first < entries; first += sampling.stride) {
        const stride = Math.min(sampling.stride, entries - first);
        const count = Math.min(sampling.count, stride);
        const drawn = await visitEntries(this.#tables, index, first, count, (piece, at, length) => {
          const kindAt = (entry: number) => kindOf(piece.get(entry));
          const from = start + at * clusterBytes;
          if (count === stride) this.#addRuns(kindAt, from, length);
          else this.#addSample(kindAt, from, length, stride);
        });
        if (!drawn.ok) return drawn;
      }
    }
    return ok(this.#cells.map((cell) => this.#share(cell)));
  }

  /** Of every `stride` entries `count` are looked at. */
  #sampling(): { stride: number; count: number } {
    const { l1Entries, geometry } = this.#tables;
    let present = 0;
    for (let index = 0; index < l1Entries; index++) if (hasTable(this.#tables, index)) present++;
    const { tableEntries } = geometry;
    if (present * tableEntries <= MOST_ENTRIES) return { stride: tableEntries, count: tableEntries };
    const samples = Math.max(1, Math.floor(MOST_ENTRIES / present / SAMPLE_ENTRIES));
    return { stride: Math.ceil(tableEntries / samples), count: Math.min(SAMPLE_ENTRIES, tableEntries) };
  }

  #addRuns(kindAt: (entry: number) => Kind, from: number, length: number): void {
    const { clusterBytes } = this.#tables.geometry;
    for (let first = 0; first < length;) {
      const kind = kindAt(first);
      let end = first + 1;
      while (end < length && kindAt(end) === kind) end++;
      this.#add(kind, from + first * clusterBytes, from + end * clusterBytes, 1);
      first = end;
    }
  }

  #addSample(kindAt: (entry: number) => Kind, from: number, length: number, stride: number): void {
    const seen: MapCell = { data: 0, zero: 0, missing: 0 };
    for (let entry = 0; entry < length; entry++) seen[kindAt(entry)]++;
    const end = from + stride * this.#tables.geometry.clusterBytes;
    for (const kind of ['data', 'zero', 'missing'] as const) {
      if (seen[kind] > 0) this.#add(kind, from, end, seen[kind] / length);
    }
  }

  /** What is not stored reads as zeroes where nothing lies behind. */
  #add(kind: Kind, from: number, to: number, weight: number): void {
    const end = Math.min(to, this.#lengthBytes);
    const sourceEnd = kind === 'missing' ? Math.max(from, Math.min(end, this.#neededBytes)) : end;
    this.#spread(kind, from, sourceEnd, weight);
    this.#spread('zero', sourceEnd, end, weight);
  }

  #spread(kind: Kind, from: number, to: number, weight: number): void {
    const size = this.#cellBytes;
    for (let index = Math.floor(from / size); index < this.#cells.length && index * size < to; index++) {
      const cell = this.#cells[index];
      const overlap = Math.min(to, (index + 1) * size) - Math.max(from, index * size);
      if (cell !== undefined && overlap > 0) cell[kind] += overlap * weight;
    }
  }

  /** Rounding must not show: the shares of a cell are each between 0 and 1. */
  #share(cell: MapCell): MapCell {
    const share = (bytes: number) => Math.min(1, Math.max(0, bytes / this.#cellBytes));
    return { data: share(cell.data), zero: share(cell.zero), missing: share(cell.missing) };
  }
}

function kindOf(entry: number): Kind {
  if (entry === UNALLOCATED) return 'missing';
  return entry === ZERO_CLUSTER ? 'zero' : 'data';
}
