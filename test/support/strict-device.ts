/** A disk in memory that forgives nothing: it writes down what a server should never have asked of it. */
import { DONE, ok, type Result } from '../../shared/result.ts';
import { KIB } from '../../shared/units.ts';
import type { BlockDevice, Extent } from '../../main/block/device.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Space is given and taken back in blocks of this length, in bytes. */
export const BLOCK_BYTES = 64 * KIB;

export class StrictDevice implements BlockDevice {
  readonly name = 'strict';
  readonly remote = false;
  readonly readOnly: boolean;
  readonly bytes: Uint8Array;
  /** What is on the platter: the content when a flush last began. */
  durable: Uint8Array;
  /** What should not have been asked: `write 4096+512 (outside)`. */
  readonly faults: string[] = [];
  /** Most data of requests under way at one time, in bytes. */
  peakBytes = 0;
  readonly #hasSpace: Uint8Array;
  readonly #random: SeededRandom;
  #underWayBytes = 0;
  #flushes = 0;
  #durableSince = 0;

  /**
   * @param content is emptied in some blocks, which have no space then
   * @param random decides in which, and which requests take a while
   */
  constructor(content: Uint8Array, random: SeededRandom, readOnly = false) {
    this.bytes = content;
    this.readOnly = readOnly;
    this.#random = random;
    this.#hasSpace = Uint8Array.from({ length: Math.ceil(content.length / BLOCK_BYTES) }, () =>
      random.chance(0.7) ? 1 : 0,
    );
    for (const [block, has] of this.#hasSpace.entries()) {
      if (has === 0) content.fill(0, block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
    }
    this.durable = content.slice();
  }

  get lengthBytes(): number {
    return this.bytes.length;
  }

  /** Whether all of a range has space of its own. */
  hasSpace(offset: number, length: number): boolean {
    return this.#blocksOf(offset, length).every((block) => this.#hasSpace[block] === 1);
  }

  async read(offset: number, target: Uint8Array): Promise<Result<void>> {
    await this.#enter('read', offset, target.length, false);
    target.set(this.bytes.subarray(offset, offset + target.length));
    this.#leave(target.length);
    return DONE;
  }

  async write(offset: number, data: Uint8Array): Promise<Result<void>> {
    await this.#enter('write', offset, data.length, true);
    if (offset + data.length <= this.lengthBytes) this.bytes.set(data, offset);
    for (const block of this.#blocksOf(offset, data.length)) this.#hasSpace[block] = 1;
    this.#leave(data.length);
    return DONE;
  }

  async writeZeroes(offset: number, length: number): Promise<Result<void>> {
    await this.#enter('zero', offset, length, true, 0);
    this.bytes.fill(0, offset, offset + length);
    for (const block of this.#blocksOf(offset, length)) {
      const isWhole = offset <= block * BLOCK_BYTES && (block + 1) * BLOCK_BYTES <= offset + length;
      if (isWhole) this.#hasSpace[block] = 0;
    }
    return DONE;
  }

  async discard(offset: number, length: number): Promise<Result<void>> {
    await this.#enter('discard', offset, length, true, 0);
    return DONE;
  }

  async flush(): Promise<Result<void>> {
    const content = this.bytes.slice();
    const number = ++this.#flushes;
    await this.#enter('flush', 0, 0, false);
    // A later one, with more in it, may have been quicker.
    if (number > this.#durableSince) this.durable = content;
    this.#durableSince = Math.max(number, this.#durableSince);
    return DONE;
  }

  async extentAt(offset: number, length: number): Promise<Result<Extent>> {
    await this.#enter('extent', offset, length, false, 0);
    const [first, ...others] = this.#blocksOf(offset, length);
    if (first === undefined) return ok({ offset, length, kind: 'data' });
    const state = this.#hasSpace[first];
    const other = others.find((block) => this.#hasSpace[block] !== state);
    const end = Math.min(offset + length, (other ?? Infinity) * BLOCK_BYTES);
    return ok({ offset, length: end - offset, kind: state === 1 ? 'data' : 'zero' });
  }

  async close(): Promise<Result<void>> {
    return DONE;
  }

  async #enter(
    operation: string,
    offset: number,
    length: number,
    changes: boolean,
    heldBytes = length,
  ): Promise<void> {
    const inside = Number.isSafeInteger(offset) && offset >= 0 && offset + length <= this.lengthBytes;
    if (!inside) this.faults.push(`${operation} ${offset}+${length} (outside)`);
    if (changes && this.readOnly) this.faults.push(`${operation} ${offset}+${length} (read-only)`);
    this.#underWayBytes += heldBytes;
    this.peakBytes = Math.max(this.peakBytes, this.#underWayBytes);
    if (this.#random.chance(0.3)) await new Promise((resolve) => setImmediate(resolve));
  }

  #leave(bytes: number): void {
    this.#underWayBytes -= bytes;
  }

  #blocksOf(offset: number, length: number): number[] {
    if (length === 0) return [];
    const first = Math.floor(offset / BLOCK_BYTES);
    const end = Math.min(this.#hasSpace.length, Math.ceil((offset + length) / BLOCK_BYTES));
    return Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
  }
}
