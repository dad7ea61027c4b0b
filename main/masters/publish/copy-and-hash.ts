import { createHash } from 'node:crypto';
import { CHUNK_BYTES } from '../../../shared/master-files.ts';
import { because, err, ok, type Result } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import { contentAt, readPadded } from '../../block/backing-read.ts';
import type { BlockDevice } from '../../block/device.ts';
import type { BlockFile } from '../../block/file.ts';
import type { ChunkHashWriter } from '../../block/manifest/build.ts';
import { sha256 } from '../../block/manifest/digest.ts';
import { isZero } from '../../block/zeroes.ts';

const PIECE_BYTES = MIB;
/** Pieces before others in this thread, a cancellation above all, have their turn. */
const PIECES_PER_TURN = 64;

/** Whoever waits for a copy. */
export interface CopyWatch {
  readonly signal: AbortSignal;
  /** @param fraction of the whole, from 0 to 1 */
  readonly progress: (fraction: number) => void;
}

/**
 * Makes `copy` the same as `source`, padded with zeroes to `lengthBytes`, and hashes it on the way. Whatever the copy
 * holds already and is right is not written again; zeroes are left as holes.
 * @returns the SHA-256 of the whole
 */
export async function copyAndHash(
  source: BlockDevice,
  copy: BlockFile,
  lengthBytes: number,
  hashes: ChunkHashWriter,
  { signal, progress }: CopyWatch,
): Promise<Result<string>> {
  const before = await copy.length();
  if (!before.ok) return before;
  const sized = await copy.setLength(lengthBytes);
  if (!sized.ok) return sized;
  const whole = createHash('sha256');
  const piece = new Uint8Array(PIECE_BYTES);
  const present = new Uint8Array(PIECE_BYTES);
  for (let offset = 0, count = 1; offset < lengthBytes; offset += PIECE_BYTES, count++) {
    const data = piece.subarray(0, Math.min(PIECE_BYTES, lengthBytes - offset));
    const read = await readOrZero(source, offset, data);
    if (!read.ok) return because(`Could not read '${source.name}' at ${offset}`, read);
    whole.update(data);
    // A new copy is all holes.
    const compareWith = offset < before.value ? present.subarray(0, data.length) : null;
    const stored = await store(copy, offset, data, compareWith);
    if (!stored.ok) return stored;
    for (let at = 0; at < data.length; at += CHUNK_BYTES) {
      const added = await hashes.add(sha256(data.subarray(at, at + CHUNK_BYTES)));
      if (!added.ok) return added;
    }
    if (count % PIECES_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    if (signal.aborted)
      return err('cancelled', 'Publishing was cancelled; the next attempt goes on with what is copied');
    progress((offset + data.length) / lengthBytes);
  }
  return ok(whole.digest('hex'));
}

/** Reads what may be shorter, and not at all where it is known to be zero. */
async function readOrZero(source: BlockDevice, offset: number, data: Uint8Array): Promise<Result<void>> {
  const content = await contentAt(source, offset, data.length);
  if (!content.ok) return content;
  if (!content.value.zero || content.value.length < data.length) return readPadded(source, offset, data);
  data.fill(0);
  return ok(undefined);
}

async function store(
  copy: BlockFile,
  offset: number,
  data: Uint8Array,
  present: Uint8Array | null,
): Promise<Result<void>> {
  if (present === null) return isZero(data) ? ok(undefined) : copy.write(offset, data);
  const read = await copy.read(offset, present);
  if (!read.ok) return read;
  return Buffer.compare(present, data) === 0 ? ok(undefined) : copy.write(offset, data);
}
