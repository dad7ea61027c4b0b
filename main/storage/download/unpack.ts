import fs from 'node:fs';
import { Writable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import zlib from 'node:zlib';
import { err, type Result } from '../../../shared/result.ts';
import { MIB, TIB } from '../../../shared/units.ts';
import { failureFromSystem } from '../../../shared/errno.ts';
import { putInPlace, removeDraft } from '../../block/whole-file.ts';
import { isZero } from '../../block/zeroes.ts';

/** How files of image servers are compressed. */
export const PACKINGS = ['none', 'gzip', 'zstd', 'xz'] as const;
export type Packing = (typeof PACKINGS)[number];

/** A few kilobytes can be made to unpack for ever. */
const MOST_BYTES = 2 * TIB;
const PIECE_BYTES = MIB;

/** Whether this program can unpack it: zstd where Node has it, from version 22.15 on; xz nowhere. */
export function canUnpack(packing: Packing): boolean {
  return packing === 'none' || unpackerOf(packing) !== null;
}

/**
 * Unpacks a file into another one that appears when it is whole, durably; zeroes take no space in it. Fails with
 * `unsupported`, with `malformed` where the content makes no sense, as files do, or with `cancelled`.
 */
export async function unpackFile(
  from: string,
  to: string,
  packing: Exclude<Packing, 'none'>,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: (fraction: number) => void },
): Promise<Result<void>> {
  const unpacker = unpackerOf(packing);
  if (unpacker === null)
    return err('unsupported', `'${from}' is compressed with ${packing}, which cannot be unpacked here`);
  const draft = `${to}.unpacking`;
  try {
    const { size } = await fs.promises.stat(from);
    const file = await fs.promises.open(draft, 'w');
    try {
      let doneBytes = 0;
      const source = fs.createReadStream(from, { highWaterMark: PIECE_BYTES });
      source.on('data', (piece) => progress((doneBytes += piece.length) / size));
      await pipeline(source, unpacker(), new SparseFileWriter(file), { signal });
    } finally {
      await file.close();
    }
  } catch (error) {
    await removeDraft(draft);
    if (signal.aborted) return err('cancelled', 'The unpacking was cancelled');
    if (error instanceof TooLong || isDamage(error)) {
      return err('malformed', `'${from}' cannot be unpacked as ${packing}: ${error.message}`);
    }
    return failureFromSystem(error, `Could not unpack '${from}'`);
  }
  return putInPlace(draft, to);
}

function unpackerOf(packing: Exclude<Packing, 'none'>): (() => Transform) | null {
  const options = { chunkSize: PIECE_BYTES };
  if (packing === 'gzip') return () => zlib.createGunzip(options);
  const library: object = zlib;
  if (packing === 'zstd' && hasZstd(library)) return () => library.createZstdDecompress(options);
  return null;
}

/** Node's type declarations for version 20 do not know it. */
interface WithZstd {
  createZstdDecompress(options: { chunkSize: number }): Transform;
}

function hasZstd(library: object): library is WithZstd {
  return 'createZstdDecompress' in library;
}

class TooLong extends Error {}

class SparseFileWriter extends Writable {
  readonly #file: fs.promises.FileHandle;
  #position = 0;

  constructor(file: fs.promises.FileHandle) {
    super({ highWaterMark: 2 * PIECE_BYTES });
    this.#file = file;
  }

  override _write(piece: Buffer, _encoding: string, done: (error?: Error) => void): void {
    const at = this.#position;
    this.#position += piece.length;
    if (this.#position > MOST_BYTES) done(new TooLong(`it is longer than ${MOST_BYTES} bytes`));
    else if (isZero(piece)) done();
    else this.#store(piece, at).then(() => done(), done);
  }

  override _final(done: (error?: Error) => void): void {
    this.#file.truncate(this.#position).then(() => done(), done);
  }

  async #store(piece: Buffer, at: number): Promise<void> {
    for (let stored = 0; stored < piece.length;) {
      stored += (await this.#file.write(piece, stored, piece.length - stored, at + stored)).bytesWritten;
    }
  }
}

/** zlib names what it finds by `Z_DATA_ERROR` and the like. */
function isDamage(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && /^(Z_|ZSTD_|ERR_)/.test(String(error.code));
}
