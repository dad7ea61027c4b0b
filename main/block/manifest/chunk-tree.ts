import { because, ok, type Result } from '../../../shared/result.ts';
import type { MasterDescription } from '../../../shared/master.ts';
import { err } from '../../../shared/result.ts';
import type { Range } from '../range.ts';
import { BlockCache } from './block-cache.ts';
import { HASH_BYTES, sha256 } from './digest.ts';
import { checkHeader } from './header.ts';
import { FAN_OUT, HEADER_BYTES, ManifestLayout } from './layout.ts';
import { ZeroHashes } from './zero-hashes.ts';

/**
 * Fetches a range of `chunks.bin` whose SHA-256 is `expected`. Whoever implements it asks elsewhere when what comes has
 * another one, and fails when nobody has the right bytes.
 */
export type FetchHashes = (range: Range, expected: Buffer) => Promise<Result<Buffer>>;

/** Consecutive chunks that are all holes, or all data. */
export interface ChunkRun {
  readonly zero: boolean;
  readonly count: number;
}

/** Blocks of hashes kept, of 32 KiB each: those of 4 GiB of disk. */
const MOST_BLOCKS = 64;

/**
 * The hashes of a master's chunks, of which only the head is loaded at first: lower levels are fetched when they are
 * needed, verified by the level above, and kept while there is room. What is all zeroes is known as high up as it is.
 */
export class ChunkTree {
  readonly layout: ManifestLayout;
  readonly #zeroes: ZeroHashes;
  readonly #top: Buffer;
  readonly #fetch: FetchHashes;
  readonly #blocks = new BlockCache(MOST_BLOCKS);

  /** Loads the head of the manifest. Fails as `fetch` does, or with `malformed` where the description contradicts it. */
  static async load(description: MasterDescription, fetch: FetchHashes): Promise<Result<ChunkTree>> {
    const layout = new ManifestLayout(description.lengthBytes);
    const { chunks } = description;
    if (chunks.lengthBytes !== layout.fileBytes) {
      const message = `a disk of ${layout.diskBytes} bytes has a chunk manifest of ${layout.fileBytes} bytes, not ${chunks.lengthBytes}`;
      return err('malformed', message);
    }
    const head = await fetch({ offset: 0, length: layout.headBytes }, Buffer.from(chunks.sha256, 'hex'));
    if (!head.ok) return because('the chunk manifest cannot be loaded', head);
    const header = checkHeader(head.value, layout, description.sha256);
    return header.ok ? ok(new ChunkTree(layout, head.value.subarray(HEADER_BYTES), fetch)) : header;
  }

  private constructor(layout: ManifestLayout, top: Buffer, fetch: FetchHashes) {
    this.layout = layout;
    this.#zeroes = new ZeroHashes(layout);
    this.#top = top;
    this.#fetch = fetch;
  }

  /** The hashes of the chunks from `first` on, at least one and at most `count`, as far as their block goes. */
  async hashesFrom(first: number, count: number): Promise<Result<Buffer>> {
    const block = await this.#block(0, Math.floor(first / FAN_OUT));
    if (!block.ok) return block;
    const at = (first % FAN_OUT) * HASH_BYTES;
    return ok(block.value.subarray(at, at + count * HASH_BYTES));
  }

  /**
   * Whether chunk `first` is a hole, and for how many of the next `count` chunks the answer holds, as far as can be
   * said without fetching more than is needed for the first.
   */
  async runFrom(first: number, count: number): Promise<Result<ChunkRun>> {
    const start = await this.#runIn(this.layout.levels.length - 1, first, first + count);
    if (!start.ok || !start.value.zero) return start;
    let run = start.value.count;
    while (run < count) {
      const next = this.#knownRun(first + run, first + count);
      if (next === null || !next.zero) break;
      run += next.count;
    }
    return ok({ zero: true, count: run });
  }

  /** The run from chunk `first` on, seen from `height`: as high as a hole is known, else one level further down. */
  async #runIn(height: number, first: number, end: number): Promise<Result<ChunkRun>> {
    const block = await this.#blockAbove(height, first);
    if (!block.ok) return block;
    const run = this.#scan(height, block.value, first, end);
    return run === null ? this.#runIn(height - 1, first, end) : ok(run);
  }

  /** As {@link #runIn}, from what is loaded; null where that does not tell. */
  #knownRun(first: number, end: number): ChunkRun | null {
    for (let height = this.layout.levels.length - 1; height >= 0; height--) {
      const hashes = this.#loaded(height, this.#blockIndex(height, first));
      if (hashes === null) return null;
      const run = this.#scan(height, hashes, first, end);
      if (run !== null) return run;
    }
    return null;
  }

  /** Looks through one block of hashes; null where its node of chunk `first` is no hole, and has levels below it. */
  #scan(height: number, hashes: Buffer, first: number, end: number): ChunkRun | null {
    const { chunksPerNode } = this.layout.level(height);
    const firstInBlock = this.#blockIndex(height, first) * FAN_OUT;
    const endInBlock = firstInBlock + hashes.length / HASH_BYTES;
    let node = Math.floor(first / chunksPerNode);
    const zero = this.#zeroes.marks(height, hashes, firstInBlock, node);
    if (!zero && height > 0) return null;
    do node++;
    while (
      node < endInBlock &&
      node * chunksPerNode < end &&
      this.#zeroes.marks(height, hashes, firstInBlock, node) === zero
    );
    return { zero, count: Math.min(node * chunksPerNode, end) - first };
  }

  #blockIndex(height: number, chunk: number): number {
    return Math.floor(chunk / this.layout.level(height).chunksPerNode / FAN_OUT);
  }

  #blockAbove(height: number, chunk: number): Promise<Result<Buffer>> {
    return this.#block(height, this.#blockIndex(height, chunk));
  }

  #loaded(height: number, index: number): Buffer | null {
    return height === this.layout.levels.length - 1 ? this.#top : this.#blocks.find(height, index);
  }

  async #block(height: number, index: number): Promise<Result<Buffer>> {
    const loaded = this.#loaded(height, index);
    if (loaded !== null) return ok(loaded);
    return this.#blocks.get(height, index, async () => {
      const above = await this.#block(height + 1, Math.floor(index / FAN_OUT));
      if (!above.ok) return above;
      const at = (index % FAN_OUT) * HASH_BYTES;
      return this.#fetch(this.layout.block(height, index), above.value.subarray(at, at + HASH_BYTES));
    });
  }
}

/** The chunks of `bytes`, which begins with a chunk, whose hashes are not those in `hashes`; positions in `bytes`. */
export function badChunks(bytes: Uint8Array, hashes: Buffer, chunkBytes: number): Range[] {
  const bad: Range[] = [];
  for (let offset = 0, at = 0; offset < bytes.length; offset += chunkBytes, at += HASH_BYTES) {
    const chunk = bytes.subarray(offset, offset + chunkBytes);
    if (hashes.compare(sha256(chunk), 0, HASH_BYTES, at, at + HASH_BYTES) !== 0) {
      bad.push({ offset, length: chunk.length });
    }
  }
  return bad;
}
