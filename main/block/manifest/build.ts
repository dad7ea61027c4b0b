import { DONE, err, ok, type Result } from '../../../shared/result.ts';
import type { BlockFile } from '../file.ts';
import { HASH_BYTES, sha256 } from './digest.ts';
import { encodeHeader } from './header.ts';
import { FAN_OUT, type ManifestLayout } from './layout.ts';

/** Hashes are written this many at a time. */
const BATCH = 8 * FAN_OUT;

/** Writes the hashes of chunks, as they come in order, to their place in `chunks.bin`. Memory is bounded. */
export class ChunkHashWriter {
  readonly #file: BlockFile;
  readonly #layout: ManifestLayout;
  readonly #batch = Buffer.alloc(BATCH * HASH_BYTES);
  #written = 0;
  #waiting = 0;

  constructor(file: BlockFile, layout: ManifestLayout) {
    this.#file = file;
    this.#layout = layout;
  }

  async add(hash: Buffer): Promise<Result<void>> {
    hash.copy(this.#batch, this.#waiting * HASH_BYTES);
    this.#waiting++;
    return this.#waiting === BATCH ? this.#writeBatch() : DONE;
  }

  /**
   * After the last chunk: writes the upper levels and the header.
   * @returns the SHA-256 of the head, by which the whole manifest is verified
   */
  async finish(diskSha256: string): Promise<Result<string>> {
    const last = await this.#writeBatch();
    if (!last.ok) return last;
    const { levels, chunkCount, top, headBytes } = this.#layout;
    if (this.#written !== chunkCount) {
      return err('invalid-argument', `${this.#written} chunks were hashed, the disk has ${chunkCount}`);
    }
    for (let height = 1; height < levels.length; height++) {
      const built = await this.#buildLevel(height);
      if (!built.ok) return built;
    }
    const head = Buffer.alloc(headBytes);
    const header = encodeHeader(this.#layout, diskSha256);
    header.copy(head);
    const written = await this.#file.write(0, header);
    if (!written.ok) return written;
    const read = await readAll(this.#file, top.fileOffset, head.subarray(header.length));
    return read.ok ? ok(sha256(head).toString('hex')) : read;
  }

  async #writeBatch(): Promise<Result<void>> {
    const bytes = this.#batch.subarray(0, this.#waiting * HASH_BYTES);
    const at = this.#layout.level(0).fileOffset + this.#written * HASH_BYTES;
    this.#written += this.#waiting;
    this.#waiting = 0;
    return bytes.length === 0 ? DONE : this.#file.write(at, bytes);
  }

  async #buildLevel(height: number): Promise<Result<void>> {
    const { count, fileOffset } = this.#layout.level(height);
    for (let index = 0; index < count; index++) {
      const below = this.#layout.block(height - 1, index);
      const hashes = Buffer.alloc(below.length);
      const read = await readAll(this.#file, below.offset, hashes);
      if (!read.ok) return read;
      const written = await this.#file.write(fileOffset + index * HASH_BYTES, sha256(hashes));
      if (!written.ok) return written;
    }
    return DONE;
  }
}

async function readAll(file: BlockFile, position: number, target: Uint8Array): Promise<Result<void>> {
  const read = await file.read(position, target);
  if (!read.ok) return read;
  return read.value === target.length ? DONE : err('io', `'${file.path}' ends at ${position + read.value}`);
}
