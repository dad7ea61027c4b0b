import { HASH_BYTES, sha256 } from '../../block/manifest/digest.ts';
import type { Range } from '../../block/range.ts';
import { KIB } from '../../../shared/units.ts';

export const HEADER_BYTES = 256;
/** What one hash vouches for. The last piece may be shorter. */
export const PIECE_BYTES = 256 * KIB;

/** Where in a state's file its pieces and their hashes are. */
export function layOut(storedBytes: number): { readonly pieces: readonly Range[]; readonly hashes: Range } {
  const pieces: Range[] = [];
  for (let at = 0; at < storedBytes; at += PIECE_BYTES) {
    pieces.push({ offset: HEADER_BYTES + at, length: Math.min(PIECE_BYTES, storedBytes - at) });
  }
  return { pieces, hashes: { offset: HEADER_BYTES + storedBytes, length: hashesBytes(storedBytes) } };
}

/** Length of the file in which so much is stored. */
export function stateFileBytes(storedBytes: number): number {
  return HEADER_BYTES + storedBytes + hashesBytes(storedBytes);
}

/** Whether these are the bytes that the hash at `index` is of. */
export function isPiece(hashes: Uint8Array, index: number, bytes: Uint8Array): boolean {
  const expected = hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
  return sha256(bytes).equals(expected);
}

/** Hashes pieces as their bytes come, in whatever portions. */
export class PieceHashes {
  readonly #hashes: Uint8Array[] = [];
  readonly #piece = Buffer.alloc(PIECE_BYTES);
  #filled = 0;

  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + PIECE_BYTES - this.#filled);
      this.#piece.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === PIECE_BYTES) this.#close();
    }
  }

  /** The hashes of all that was added. */
  finish(): Buffer {
    if (this.#filled > 0) this.#close();
    return Buffer.concat(this.#hashes);
  }

  #close(): void {
    this.#hashes.push(sha256(this.#piece.subarray(0, this.#filled)));
    this.#filled = 0;
  }
}

function hashesBytes(storedBytes: number): number {
  return Math.ceil(storedBytes / PIECE_BYTES) * HASH_BYTES;
}
