import { Readable } from 'node:stream';
import { constants, createBrotliCompress } from 'node:zlib';
import { DONE, ok, type Result } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import type { BlockFile } from '../../block/file.ts';
import { sha256 } from '../../block/manifest/digest.ts';
import { encodeStateHeader, type StateFacts } from './header.ts';
import { HEADER_BYTES, PieceHashes, stateFileBytes } from './pieces.ts';

const PORTION_BYTES = MIB;
/**
 * How hard Brotli tries. `quick`, for a user who waits, was measured on the 65 MiB of a small Linux: quality 1 takes 0.2 s
 * and leaves 48 %, quality 4 takes 1.1 s for 45 %, the best that zlib does in 0.8 s is 47 %. `small` is for a state that
 * many download.
 */
const EFFORTS = {
  quick: { [constants.BROTLI_PARAM_QUALITY]: 1 },
  small: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 },
};

export interface WriteStateOptions {
  readonly effort?: keyof typeof EFFORTS;
  /** Told the part that is stored, from 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
}

/**
 * Writes a state into an empty file, durably: the header comes after all else is on the disk.
 * @param state in pieces, to be put together when it is read
 * @returns the size of the file in bytes
 */
export async function writeState(
  file: BlockFile,
  facts: StateFacts,
  state: readonly Uint8Array[],
  { effort = 'quick', onProgress = () => {} }: WriteStateOptions = {},
): Promise<Result<number>> {
  const stateBytes = state.reduce((sum, { length }) => sum + length, 0);
  let taken = 0;
  const pieces = Readable.from(cutUp(state, (bytes) => onProgress((taken += bytes) / stateBytes)));
  const compressed = pieces.pipe(
    createBrotliCompress({
      chunkSize: PORTION_BYTES,
      params: {
        ...EFFORTS[effort],
        [constants.BROTLI_PARAM_SIZE_HINT]: Math.min(stateBytes, 0x7fff_ffff),
      },
    }),
  );
  const pieceHashes = new PieceHashes();
  const stored = await store(file, compressed, pieceHashes);
  if (!stored.ok) {
    compressed.destroy();
    pieces.destroy();
    return stored;
  }
  const storedBytes = stored.value;
  const hashes = pieceHashes.finish();
  const header = encodeStateHeader({ ...facts, stateBytes, storedBytes, digest: sha256(hashes) });
  const ended = await endStateFile(file, header, storedBytes, hashes);
  return ended.ok ? ok(stateFileBytes(storedBytes)) : ended;
}

/** Makes a file a saved state, durably, once what it stores is in its place. */
export async function endStateFile(
  file: BlockFile,
  header: Uint8Array,
  storedBytes: number,
  hashes: Uint8Array,
): Promise<Result<void>> {
  const steps = [
    () => file.write(HEADER_BYTES + storedBytes, hashes),
    () => file.sync(),
    () => file.write(0, header),
    () => file.sync(),
  ];
  for (const step of steps) {
    const done = await step();
    if (!done.ok) return done;
  }
  return DONE;
}

async function store(
  file: BlockFile,
  compressed: AsyncIterable<Buffer>,
  hashes: PieceHashes,
): Promise<Result<number>> {
  const empty = await file.write(0, new Uint8Array(HEADER_BYTES));
  if (!empty.ok) return empty;
  let storedBytes = 0;
  for await (const piece of compressed) {
    hashes.add(piece);
    const written = await file.write(HEADER_BYTES + storedBytes, piece);
    if (!written.ok) return written;
    storedBytes += piece.length;
  }
  return ok(storedBytes);
}

function* cutUp(state: readonly Uint8Array[], taken: (bytes: number) => void): Generator<Uint8Array> {
  for (const part of state) {
    for (let at = 0; at < part.length; at += PORTION_BYTES) {
      const piece = part.subarray(at, at + PORTION_BYTES);
      yield piece;
      taken(piece.length);
    }
  }
}
