import fs from 'node:fs';
import { ok, type Result } from '../../../../shared/result.ts';
import type { BlockDevice } from '../../../block/device.ts';
import { RawDevice } from '../../../block/raw.ts';
import { isSparse } from '../../../block/sparse/stored-ranges.ts';
import { isZero } from '../../../block/zeroes.ts';
import { isRemote } from '../../../storage/chain/location.ts';

const BLOCK_BYTES = 4096;
const PIECE_BYTES = 1024 * 1024;
/** How many pieces are read before signals get a turn. */
const PIECES_PER_TURN = 64;

export interface RawRun {
  readonly length: number;
  readonly zero: boolean;
}

/**
 * Where a raw image is empty. A file that takes as much space as it is long has no holes, and is not read. Where the
 * system tells where the holes are, that is the answer. Other sparse files are read: whole file system blocks (4 KiB)
 * of zeroes are reported as holes. So "zero" is always true, but a block of zeroes that was *written* to such a file
 * counts as a hole too, where QEMU would call it data.
 */
export class RawHoles {
  readonly #device: BlockDevice;
  readonly #location: string;
  #mustRead: boolean | null = null;
  readonly #piece = new Uint8Array(PIECE_BYTES);
  /** What {@link #piece} holds: `[start, end)` of the device. */
  #held = { start: 0, end: 0 };

  constructor(device: BlockDevice, location: string) {
    this.#device = device;
    this.#location = location;
  }

  /** The run that begins at `offset`, at most `length` bytes; both within the device. */
  async runAt(offset: number, length: number): Promise<Result<RawRun>> {
    this.#mustRead ??= await this.#findMustRead();
    if (!this.#mustRead) return this.#ask(offset, length);
    const end = offset + length;
    let zero: boolean | null = null;
    let position = offset;
    while (position < end) {
      const loaded = await this.#load(position);
      if (!loaded.ok) return loaded;
      const blockEnd = Math.min(position - (position % BLOCK_BYTES) + BLOCK_BYTES, this.#held.end);
      const start = blockEnd - (blockEnd % BLOCK_BYTES || BLOCK_BYTES);
      const isHole = isZero(this.#piece.subarray(start - this.#held.start, blockEnd - this.#held.start));
      if (zero !== null && zero !== isHole) break;
      zero = isHole;
      position = blockEnd;
    }
    return ok({ length: Math.min(position, end) - offset, zero: zero ?? false });
  }

  async #findMustRead(): Promise<boolean> {
    if (isRemote(this.#location) || !(this.#device instanceof RawDevice)) return false;
    const file = fs.statSync(this.#location, { throwIfNoEntry: false });
    return file?.isFile() === true && isSparse(file) && !(await this.#device.knowsHoles());
  }

  async #ask(offset: number, length: number): Promise<Result<RawRun>> {
    const extent = await this.#device.extentAt(offset, length);
    return extent.ok ? ok({ length: extent.value.length, zero: extent.value.kind === 'zero' }) : extent;
  }

  async #load(position: number): Promise<Result<void>> {
    if (position >= this.#held.start && position < this.#held.end) return ok(undefined);
    const start = position - (position % PIECE_BYTES);
    const end = Math.min(start + PIECE_BYTES, this.#device.lengthBytes);
    if ((start / PIECE_BYTES) % PIECES_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    const read = await this.#device.read(start, this.#piece.subarray(0, end - start));
    this.#held = read.ok ? { start, end } : { start: 0, end: 0 };
    return read;
  }
}
