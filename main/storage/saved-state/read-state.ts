import { Readable } from 'node:stream';
import { createBrotliDecompress } from 'node:zlib';
import { ok, type Err, type Result } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import { sha256 } from '../../block/manifest/digest.ts';
import type { BlockFile } from '../../block/file.ts';
import type { Range } from '../../block/range.ts';
import type { ContentStamp } from '../../qed/content-stamp.ts';
import { parseStateHeader, type StateFacts, type StateHeader } from './header.ts';
import { HEADER_BYTES, isPiece, layOut } from './pieces.ts';

/** The machine that is to go on. */
export interface StateFit extends Pick<StateFacts, 'emulator' | 'memoryMiB' | 'diskBytes'> {
  /** Of the disk as it is now; null when it was written since it was last named. */
  readonly contentStamp: ContentStamp | null;
}

/** A state that fits, whole; or why it cannot be used, as the end of a sentence. */
export type StateReading =
  | { readonly fits: true; readonly state: Uint8Array<ArrayBuffer>; readonly savedAtMs: number }
  | { readonly fits: false; readonly why: string };

const UNPACKED_BYTES = MIB;

/**
 * Reads a state and checks all of it. Takes no more memory than the machine has, and some, whatever the file holds.
 * Fails only when the file cannot be read; a file that is damaged, or belongs to something else, does not fit.
 */
export async function readState(file: BlockFile, fit: StateFit): Promise<Result<StateReading>> {
  const header = await readStateHeader(file);
  if (!header.ok) return unfit(header);
  const difference = differenceBetween(header.value, fit);
  if (difference !== null) return ok({ fits: false, why: difference });
  const { stateBytes, savedAtMs } = header.value;
  const state = new Uint8Array(stateBytes);
  const source = new StoredBytes(file, header.value);
  const unpacked = await unpack(Readable.from(source.pieces()), state);
  if (source.failure !== null) return source.failure;
  const whole = unpacked && source.complete;
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

/** What is stored in a file, piece by piece, each verified before it is given away; ends before one that is wrong. */
class StoredBytes {
  /** Why the file could not be read, once that happened. */
  failure: Err | null = null;
  /** All of it was given away. */
  complete = false;
  readonly #file: BlockFile;
  readonly #header: StateHeader;

  constructor(file: BlockFile, header: StateHeader) {
    this.#file = file;
    this.#header = header;
  }

  async *pieces(): AsyncGenerator<Uint8Array> {
    const { storedBytes, digest } = this.#header;
    const { pieces, hashes } = layOut(storedBytes);
    const expected = await this.#read(hashes);
    if (expected === null || !sha256(expected).equals(digest)) return;
    for (const [index, range] of pieces.entries()) {
      const piece = await this.#read(range);
      if (piece === null || !isPiece(expected, index, piece)) return;
      yield piece;
    }
    this.complete = true;
  }

  async #read({ offset, length }: Range): Promise<Uint8Array | null> {
    const bytes = new Uint8Array(length);
    const read = await this.#file.read(offset, bytes);
    if (!read.ok) this.failure = read;
    return read.ok && read.value === length ? bytes : null;
  }
}

/** Fills `state`; false when the packed bytes are no such state. Reads them to the end in any case. */
async function unpack(packed: Readable, state: Uint8Array): Promise<boolean> {
  const unpacked = packed.pipe(createBrotliDecompress({ chunkSize: UNPACKED_BYTES }));
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
