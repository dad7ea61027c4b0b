import { createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createBrotliDecompress } from 'node:zlib';
import { ok, type Err, type Result } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import type { BlockFile } from '../../block/file.ts';
import type { ContentStamp } from '../../qed/content-stamp.ts';
import { HEADER_BYTES, parseStateHeader, type StateFacts, type StateHeader } from './header.ts';

/** The machine that is to go on. */
export interface StateFit extends Pick<StateFacts, 'emulator' | 'memoryMiB' | 'diskBytes'> {
  /** Of the disk as it is now; null when it was written since it was last named. */
  readonly contentStamp: ContentStamp | null;
}

/** A state that fits, whole; or why it cannot be used, as the end of a sentence. */
export type StateReading =
  | { readonly fits: true; readonly state: Uint8Array<ArrayBuffer>; readonly savedAtMs: number }
  | { readonly fits: false; readonly why: string };

const PIECE_BYTES = MIB;

/**
 * Reads a state and checks all of it. Takes no more memory than the machine has, and some, whatever the file holds.
 * Fails only when the file cannot be read; a file that is damaged, or belongs to something else, does not fit.
 */
export async function readState(file: BlockFile, fit: StateFit): Promise<Result<StateReading>> {
  const header = await readStateHeader(file);
  if (!header.ok) return unfit(header);
  const difference = differenceBetween(header.value, fit);
  if (difference !== null) return ok({ fits: false, why: difference });
  const { stateBytes, storedBytes, digest, savedAtMs } = header.value;
  const state = new Uint8Array(stateBytes);
  const hash = createHash('sha256');
  const source = new StoredBytes(file, storedBytes, hash);
  const unpacked = await unpack(Readable.from(source.pieces()), state);
  if (source.failure !== null) return source.failure;
  const whole = unpacked && source.complete && hash.digest().equals(digest);
  return ok(whole ? { fits: true, state, savedAtMs } : { fits: false, why: 'it is damaged: its content' });
}

/** Reads what a state says of itself. Fails as {@link parseStateHeader} does, or when the file cannot be read. */
export async function readStateHeader(file: BlockFile): Promise<Result<StateHeader>> {
  const fileBytes = await file.length();
  if (!fileBytes.ok) return fileBytes;
  const bytes = new Uint8Array(HEADER_BYTES);
  const read = await file.read(0, bytes);
  return read.ok ? parseStateHeader(bytes.subarray(0, read.value), fileBytes.value) : read;
}

function unfit(header: Err): Result<StateReading> {
  const { code, message } = header.failure;
  return code === 'malformed' || code === 'unsupported' ? ok({ fits: false, why: message }) : header;
}

function differenceBetween(header: StateHeader, fit: StateFit): string | null {
  if (header.emulator !== fit.emulator) {
    return `it was saved by ${JSON.stringify(header.emulator)}, this is ${JSON.stringify(fit.emulator)}`;
  }
  if (header.memoryMiB !== fit.memoryMiB) {
    return `it was saved with ${header.memoryMiB} MiB of memory, the machine has ${fit.memoryMiB}`;
  }
  if (header.diskBytes !== fit.diskBytes) {
    return `its disk had ${header.diskBytes} bytes, the machine's has ${fit.diskBytes}`;
  }
  if (header.contentStamp !== fit.contentStamp) return 'the disk was written since it was saved';
  return null;
}

/** What is stored in a file, piece by piece, hashed on the way. */
class StoredBytes {
  /** Why the file could not be read, once that happened. */
  failure: Err | null = null;
  readonly #file: BlockFile;
  readonly #hash: Hash;
  #left: number;

  constructor(file: BlockFile, storedBytes: number, hash: Hash) {
    this.#file = file;
    this.#left = storedBytes;
    this.#hash = hash;
  }

  get complete(): boolean {
    return this.#left === 0;
  }

  async *pieces(): AsyncGenerator<Uint8Array> {
    for (let at = HEADER_BYTES; this.#left > 0;) {
      const piece = new Uint8Array(Math.min(PIECE_BYTES, this.#left));
      const read = await this.#file.read(at, piece);
      if (!read.ok) this.failure = read;
      if (!read.ok || read.value < piece.length) return;
      this.#hash.update(piece);
      this.#left -= piece.length;
      at += piece.length;
      yield piece;
    }
  }
}

/** Fills `state`; false when the packed bytes are no such state. Reads them to the end in any case. */
async function unpack(packed: Readable, state: Uint8Array): Promise<boolean> {
  const unpacked = packed.pipe(createBrotliDecompress({ chunkSize: PIECE_BYTES }));
  let filled = 0;
  try {
    for await (const piece of unpacked as AsyncIterable<Buffer>) {
      if (filled + piece.length > state.length) return false;
      state.set(piece, filled);
      filled += piece.length;
    }
    return filled === state.length;
  } catch {
    return false;
  } finally {
    packed.destroy();
    unpacked.destroy();
  }
}
