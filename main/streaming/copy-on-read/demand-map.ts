import { alignDown, alignUp } from '../../../shared/units.ts';
import { rangeEnd, type Range } from '../../block/range.ts';

/** As fine as anybody looks at it. Disks of up to 256 MiB are kept cluster by cluster. */
const MOST_PARTS = 4096;

/** Where on the disk guests had to wait for their source, since the disk was opened; of bounded size for any disk. */
export class DemandMap {
  readonly #lengthBytes: number;
  readonly #clusterBytes: number;
  readonly #partBytes: number;
  /** Bytes that came on demand, for each part. */
  readonly #parts: Float64Array;

  constructor(lengthBytes: number, clusterBytes: number) {
    this.#lengthBytes = lengthBytes;
    this.#clusterBytes = clusterBytes;
    this.#partBytes = Math.max(clusterBytes, lengthBytes / MOST_PARTS);
    this.#parts = new Float64Array(Math.ceil(lengthBytes / this.#partBytes));
  }

  /** A read that had to be fetched; whole clusters came with it. */
  note(miss: Range): void {
    const start = alignDown(miss.offset, this.#clusterBytes);
    const end = Math.min(this.#lengthBytes, alignUp(rangeEnd(miss), this.#clusterBytes));
    const size = this.#partBytes;
    for (let part = Math.floor(start / size); part < this.#parts.length && part * size < end; part++) {
      const overlap = Math.min(end, (part + 1) * size) - Math.max(start, part * size);
      this.#parts[part] = Math.min(size, (this.#parts[part] ?? 0) + overlap);
    }
  }

  /** What part of each of `cells` equal stretches of the disk came on demand, from 0 to 1. */
  shares(cells: number): number[] {
    const cellBytes = this.#lengthBytes / cells;
    const bytes = new Float64Array(cells);
    for (const [part, partBytes] of this.#parts.entries()) {
      if (partBytes > 0) spread(bytes, cellBytes, part * this.#partBytes, this.#partBytes, partBytes);
    }
    return [...bytes].map((demanded) => Math.min(1, demanded / cellBytes));
  }
}

/** What part of each of `cells` equal stretches of a disk lies in `ranges`, from 0 to 1. */
export function sharesIn(ranges: Iterable<Range>, lengthBytes: number, cells: number): number[] {
  const cellBytes = lengthBytes / cells;
  const bytes = new Float64Array(cells);
  for (const { offset, length } of ranges) spread(bytes, cellBytes, offset, length, length);
  return [...bytes].map((covered) => Math.min(1, covered / cellBytes));
}

/** Adds `amount` evenly to the cells that `[offset, offset + length)` lies in. */
function spread(
  cells: Float64Array,
  cellBytes: number,
  offset: number,
  length: number,
  amount: number,
): void {
  const end = offset + length;
  for (let cell = Math.floor(offset / cellBytes); cell < cells.length && cell * cellBytes < end; cell++) {
    const overlap = Math.min(end, (cell + 1) * cellBytes) - Math.max(offset, cell * cellBytes);
    cells[cell] = (cells[cell] ?? 0) + (amount * overlap) / length;
  }
}
