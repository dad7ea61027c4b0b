import { CHUNK_BYTES } from '../../../shared/master-files.ts';
import { ZEROES } from '../zeroes.ts';
import { HASH_BYTES, sha256 } from './digest.ts';
import { FAN_OUT, type ManifestLayout } from './layout.ts';

/**
 * The hashes that stand for nothing but zeroes, at every height: what has one of them is a hole, be it a chunk or
 * 64 GiB, and need not be read to know so. The last node of a level may stand for less than the others and has a hash
 * of its own.
 */
export class ZeroHashes {
  readonly #layout: ManifestLayout;
  readonly #levels: readonly { readonly full: Buffer; readonly last: Buffer }[];

  constructor(layout: ManifestLayout) {
    this.#layout = layout;
    const lastChunk = layout.chunk(layout.chunkCount - 1).length;
    let full = sha256(ZEROES.subarray(0, CHUNK_BYTES));
    let last = sha256(ZEROES.subarray(0, lastChunk));
    this.#levels = layout.levels.map((_, height) => {
      if (height > 0) {
        const below = layout.level(height - 1).count;
        const inLast = below - FAN_OUT * (Math.ceil(below / FAN_OUT) - 1);
        last = hashOfBlock(full, inLast - 1, last);
        full = hashOfBlock(full, FAN_OUT - 1, full);
      }
      return { full, last };
    });
  }

  /** Whether `hashes`, of nodes of one level from `first` on, says that the one at `index` is all zeroes. */
  marks(height: number, hashes: Buffer, first: number, index: number): boolean {
    const wanted = this.of(height, index);
    const at = (index - first) * HASH_BYTES;
    return hashes.compare(wanted, 0, HASH_BYTES, at, at + HASH_BYTES) === 0;
  }

  /** The hash of node `index` of a level, were it all zeroes. */
  of(height: number, index: number): Buffer {
    const level = this.#levels[height];
    if (level === undefined) throw new RangeError(`there is no level ${height}`);
    return index === this.#layout.level(height).count - 1 ? level.last : level.full;
  }
}

/** The hash over `count` times one hash and then another. */
function hashOfBlock(hash: Buffer, count: number, last: Buffer): Buffer {
  return sha256(Buffer.concat([...Array.from({ length: count }, () => hash), last]));
}
