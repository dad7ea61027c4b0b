import { DONE, ok, type Result } from '../../shared/result.ts';
import { alignDown } from '../../shared/units.ts';
import { ZEROES } from '../block/zeroes.ts';
import type { ClusterHolds, Hold } from './cluster-holds.ts';
import type { ClusterStore } from './cluster-store.ts';
import type { QedImage } from './image.ts';

/** Guest writes to clusters that have no space in the file yet. */
export class AllocatingWriter {
  readonly #image: QedImage;
  readonly #holds: ClusterHolds;
  readonly #store: ClusterStore;
  readonly #readBacking: (offset: number, target: Uint8Array) => Promise<Result<void>>;
  #spareCluster: Uint8Array | null = null;

  constructor(
    image: QedImage,
    holds: ClusterHolds,
    store: ClusterStore,
    readBacking: (offset: number, target: Uint8Array) => Promise<Result<void>>,
  ) {
    this.#image = image;
    this.#holds = holds;
    this.#store = store;
    this.#readBacking = readBacking;
  }

  /**
   * Writes the beginning of `data` at `offset`, where no data was stored when the caller looked: either one part of
   * one cluster or as many whole clusters as possible.
   * @returns how many bytes were written; 0 when the caller has to look again because somebody else was there first
   */
  async write(offset: number, data: Uint8Array): Promise<Result<number>> {
    const { clusterBytes } = this.#image.geometry;
    const start = alignDown(offset, clusterBytes);
    if (this.#holds.isHeld(start)) {
      await this.#holds.released(start);
      return ok(0);
    }
    const end = offset + data.length;
    const wholeEnd = end === this.#image.imageBytes ? end : alignDown(end, clusterBytes);
    const whole = offset === start && wholeEnd > start;
    const hold = await this.#holds.take(start, whole ? wholeEnd : start + clusterBytes, 'without-data');
    if (!hold.ok) return hold;
    if (hold.value === null) return ok(0);
    try {
      if (whole) return await this.#writeWhole(hold.value, data);
      return await this.#writePart(hold.value, offset - start, data);
    } finally {
      hold.value.release();
    }
  }

  async #writeWhole(hold: Hold, data: Uint8Array): Promise<Result<number>> {
    const content = data.length === hold.length ? data : data.subarray(0, hold.length);
    return this.#storeAndPublish(hold, content, content.length);
  }

  /** One cluster of which the guest writes a part: the rest comes from the backing device, or is zero. */
  async #writePart(hold: Hold, within: number, data: Uint8Array): Promise<Result<number>> {
    const part = data.subarray(0, Math.min(data.length, hold.length - within));
    const cluster = this.#spareCluster ?? new Uint8Array(this.#image.geometry.clusterBytes);
    this.#spareCluster = null;
    try {
      const content = cluster.subarray(0, hold.length);
      // What lies past the end of the device must be zero in case the device grows.
      cluster.fill(0, hold.kind === 'zero' ? 0 : hold.length);
      // The specification fills a zero cluster with zeroes; QEMU 7.2 fills it from the backing file (a bug).
      const filled = hold.kind === 'zero' ? DONE : await this.#readBacking(hold.offset, content);
      if (!filled.ok) return filled;
      content.set(part, within);
      return await this.#storeAndPublish(hold, cluster, part.length);
    } finally {
      this.#spareCluster = cluster;
    }
  }

  async #storeAndPublish(hold: Hold, content: Uint8Array, writtenBytes: number): Promise<Result<number>> {
    const room = await this.#image.table.reserve(hold.offset);
    const placed = room.ok ? await this.#store.place(content) : room;
    if (!placed.ok) return placed;
    const { clusters, fileOffset } = placed.value;
    this.#image.table.publish(hold.offset, clusters, fileOffset);
    return ok(Math.min(writtenBytes, clusters * this.#image.geometry.clusterBytes));
  }

  /** Makes whole clusters read as zeroes: by their entries where they have no space, else by writing zeroes. */
  async zeroClusters(start: number, end: number): Promise<Result<void>> {
    for (let offset = start; offset < end;) {
      const extent = await this.#image.table.locate(offset, end - offset);
      if (!extent.ok) return extent;
      const { kind, length, fileOffset } = extent.value;
      if (kind === 'unallocated') {
        const marked = await this.#markZero(offset, offset + length);
        if (!marked.ok) return marked;
        offset += marked.value;
      } else {
        const written = kind === 'data' ? await this.#writeZeroes(fileOffset ?? 0, length) : DONE;
        if (!written.ok) return written;
        offset += length;
      }
    }
    return DONE;
  }

  /** Marks the unallocated ones among whole clusters as zero, and leaves the others as they are. */
  async zeroUnallocated(start: number, end: number): Promise<Result<void>> {
    for (let offset = start; offset < end;) {
      const extent = await this.#image.table.locate(offset, end - offset);
      if (!extent.ok) return extent;
      const { kind, length } = extent.value;
      const done: Result<number> =
        kind === 'unallocated' ? await this.#markZero(offset, offset + length) : ok(length);
      if (!done.ok) return done;
      offset += done.value;
    }
    return DONE;
  }

  /** Marks clusters from `start` on as zero; returns how many bytes that is, 0 when the caller has to look again. */
  async #markZero(start: number, end: number): Promise<Result<number>> {
    if (this.#holds.isHeld(start)) {
      await this.#holds.released(start);
      return ok(0);
    }
    const hold = await this.#holds.take(start, end, 'unallocated');
    if (!hold.ok) return hold;
    if (hold.value === null) return ok(0);
    const { offset, length, release } = hold.value;
    const room = await this.#image.table.reserve(offset);
    if (room.ok)
      this.#image.table.publish(offset, Math.ceil(length / this.#image.geometry.clusterBytes), 'zero');
    release();
    return room.ok ? ok(length) : room;
  }

  async #writeZeroes(fileOffset: number, length: number): Promise<Result<void>> {
    for (let done = 0; done < length; done += ZEROES.length) {
      const piece = ZEROES.subarray(0, Math.min(ZEROES.length, length - done));
      const written = await this.#image.file.write(fileOffset + done, piece);
      if (!written.ok) return written;
    }
    return DONE;
  }
}
