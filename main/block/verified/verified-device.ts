import type { Clock } from '../../../shared/clock.ts';
import { CHUNK_BYTES, MASTER_FILES } from '../../../shared/master-files.ts';
import type { MasterDescription } from '../../../shared/master.ts';
import { type Result, DONE, err, ok } from '../../../shared/result.ts';
import { alignDown, alignUp } from '../../../shared/units.ts';
import { closedFailure } from '../bounds.ts';
import type { Extent } from '../device.ts';
import { ChunkTree, badChunks } from '../manifest/chunk-tree.ts';
import { HASH_BYTES, sha256 } from '../manifest/digest.ts';
import type { KnownParts } from '../known-parts.ts';
import { ReadOnlyDevice } from '../read-only-device.ts';
import { type Range, rangeEnd } from '../range.ts';
import { DEFAULT_CONNECTIONS } from '../remote/connections.ts';
import { alikeChunks, readAround } from './around-parts.ts';
import { ChunkCache } from './chunk-cache.ts';
import type { MasterSource } from './master-source.ts';
import type { MirrorRecords, MirrorReport } from './mirror-record.ts';
import { MirrorSet, type Verification, type WrongBytes } from './mirror-set.ts';

export interface VerifiedDeviceOptions {
  readonly clock: Clock;
  /** Evenly from 0 to 1; decides nothing but how long mirrors rest. */
  readonly random: () => number;
  /** Most pieces of one read on their way from each source at once, 1 to 64; 8 unless given. */
  readonly connections?: number | undefined;
  /** Told of wrong bytes that a source sent, also when another one had the right ones. */
  readonly onWrongBytes?: ((wrong: WrongBytes) => void) | undefined;
  /** What is known of the sources, and what is found out; nothing unless given. */
  readonly records?: MirrorRecords | undefined;
  /** What need not be asked of the sources, because it comes another way. */
  readonly parts?: KnownParts | undefined;
}

/** Chunks in one request, 1 MiB: enough that round trips do not count, few enough to spread over connections. */
const PIECE_CHUNKS = 16;
/** Chunks kept of which somebody read a part: 2 MiB. */
const KEPT_CHUNKS = 32;

/** Consecutive chunks to be fetched together, and their hashes. */
interface Piece extends Range {
  readonly hashes: Buffer;
  /** Something of every chunk comes another way. */
  readonly hasParts: boolean;
}

/**
 * A published master, read from one or more sources of which none is trusted. Whatever is returned has been compared
 * with the hashes that the description vouches for: reads are widened to whole chunks, and a chunk that is wrong is
 * asked of the other sources. Chunks of zeroes are known by their hashes and never fetched.
 */
export class VerifiedDevice extends ReadOnlyDevice {
  readonly name: string;
  readonly lengthBytes: number;
  readonly remote: boolean;
  readonly #mirrors: MirrorSet;
  readonly #tree: ChunkTree;
  readonly #mostPieces: number;
  readonly #parts: KnownParts | undefined;
  readonly #cache = new ChunkCache(KEPT_CHUNKS);

  /**
   * Loads what is needed to verify anything, some KiB. Fails with `source-unreachable`, `source-changed` (no source
   * has the manifest that the description means) or `malformed` (the description contradicts itself).
   * @param sources at least one
   */
  static async open(
    description: MasterDescription,
    sources: readonly MasterSource[],
    options: VerifiedDeviceOptions,
  ): Promise<Result<VerifiedDevice>> {
    if (sources.length === 0) return err('invalid-argument', 'a master needs at least one source');
    const mirrors = new MirrorSet(sources, options);
    const tree = await ChunkTree.load(description, (range, expected) =>
      fetchHashes(mirrors, description.chunks.lengthBytes, range, expected),
    );
    if (tree.ok) return ok(new VerifiedDevice(sources, mirrors, tree.value, options));
    await mirrors.close();
    return tree;
  }

  private constructor(
    sources: readonly MasterSource[],
    mirrors: MirrorSet,
    tree: ChunkTree,
    { connections, parts }: VerifiedDeviceOptions,
  ) {
    super();
    this.#parts = parts;
    this.name = `${sources[0]?.name ?? ''}${MASTER_FILES.disk}`;
    this.lengthBytes = tree.layout.diskBytes;
    this.remote = sources.some(({ remote }) => remote);
    this.#mirrors = mirrors;
    this.#tree = tree;
    this.#mostPieces = (connections ?? DEFAULT_CONNECTIONS) * sources.length;
  }

  /** How its sources do. */
  mirrors(): MirrorReport[] {
    return this.#mirrors.reports();
  }

  async read(offset: number, target: Uint8Array): Promise<Result<void>> {
    const allowed = this.checkRead(offset, target.length);
    if (!allowed.ok || target.length === 0) return allowed;
    const end = offset + target.length;
    const bodyStart = Math.min(alignUp(offset, CHUNK_BYTES), end);
    const bodyEnd = end === this.lengthBytes ? end : Math.max(bodyStart, alignDown(end, CHUNK_BYTES));
    const parts = [
      this.#readPart(offset, target.subarray(0, bodyStart - offset)),
      this.#readWhole(bodyStart, target.subarray(bodyStart - offset, bodyEnd - offset)),
      this.#readPart(bodyEnd, target.subarray(bodyEnd - offset)),
    ];
    // All of them end before the target is handed back, also after a failure.
    return (await Promise.all(parts)).find((part) => !part.ok) ?? DONE;
  }

  async extentAt(offset: number, length: number): Promise<Result<Extent>> {
    if (length <= 0) return err('invalid-argument', `${this.name}: the length to look at must be positive`);
    const allowed = this.checkRead(offset, length);
    if (!allowed.ok) return allowed;
    const first = Math.floor(offset / CHUNK_BYTES);
    const run = await this.#tree.runFrom(first, Math.ceil((offset + length) / CHUNK_BYTES) - first);
    if (!run.ok) return this.#unlessClosed(run);
    const { zero, count } = run.value;
    const reach = Math.min((first + count) * CHUNK_BYTES - offset, length);
    return ok(
      zero
        ? { offset, length: reach, kind: 'zero' }
        : { offset, length: reach, kind: 'data', fileOffset: offset },
    );
  }

  /** Reads under way fail, unless they are about to end. */
  async close(): Promise<Result<void>> {
    this.closed = true;
    await this.#mirrors.close();
    return DONE;
  }

  /** A part of one chunk, which is fetched whole. */
  async #readPart(offset: number, target: Uint8Array): Promise<Result<void>> {
    if (target.length === 0) return DONE;
    const index = Math.floor(offset / CHUNK_BYTES);
    const chunk = await this.#cache.get(index, async () => {
      const range = this.#tree.layout.chunk(index);
      const bytes = new Uint8Array(range.length);
      const read = await this.#readWhole(range.offset, bytes);
      return read.ok ? ok(bytes) : read;
    });
    if (!chunk.ok) return chunk;
    const at = offset - index * CHUNK_BYTES;
    target.set(chunk.value.subarray(at, at + target.length));
    return DONE;
  }

  /** Whole chunks, straight into `target`. */
  async #readWhole(offset: number, target: Uint8Array): Promise<Result<void>> {
    if (target.length === 0) return DONE;
    const pieces = await this.#plan(offset, target);
    if (!pieces.ok) return this.#unlessClosed(pieces);
    const waiting = pieces.value.values();
    const patient = pieces.value.length > 1;
    let failed: Result<void> = DONE;
    // One worker per request that may be under way, so that short reads are not queued behind all of a long one.
    const work = async () => {
      for (const piece of waiting) {
        if (!failed.ok) return;
        const part = target.subarray(piece.offset - offset, rangeEnd(piece) - offset);
        const read = await this.#readPiece(piece, part, patient);
        if (!read.ok) failed = read;
      }
    };
    const workers = Math.min(pieces.value.length, this.#mostPieces);
    await Promise.all(Array.from({ length: workers }, work));
    return this.#unlessClosed(failed);
  }

  /** Zeroes the holes, and cuts the rest into what is fetched together. */
  async #plan(offset: number, target: Uint8Array): Promise<Result<Piece[]>> {
    const pieces: Piece[] = [];
    const end = Math.ceil((offset + target.length) / CHUNK_BYTES);
    for (let chunk = offset / CHUNK_BYTES; chunk < end;) {
      const run = await this.#tree.runFrom(chunk, end - chunk);
      if (!run.ok) return run;
      const start = chunk * CHUNK_BYTES;
      const most = run.value.zero ? run.value.count : Math.min(run.value.count, PIECE_CHUNKS);
      const area = { offset: start, length: Math.min(most * CHUNK_BYTES, offset + target.length - start) };
      const known = run.value.zero ? [] : ((await this.#parts?.within(area)) ?? []);
      const { count, hasParts } = alikeChunks(known, area);
      const length = Math.min(count * CHUNK_BYTES, area.length);
      if (run.value.zero) {
        target.fill(0, start - offset, start - offset + length);
      } else {
        const hashes = await this.#tree.hashesFrom(chunk, count);
        if (!hashes.ok) return hashes;
        pieces.push({ offset: start, length, hashes: hashes.value, hasParts });
      }
      chunk += count;
    }
    return ok(pieces);
  }

  #readPiece(piece: Piece, target: Uint8Array, patient: boolean): Promise<Result<void>> {
    const verification = this.#verification(piece);
    const verified = (range: Range, bytes: Uint8Array) =>
      this.#mirrors.read(verification, range.offset, bytes, patient);
    if (this.#parts === undefined || !piece.hasParts) return verified(piece, target);
    const unchecked = { ...verification, findWrong: () => [] };
    return readAround(this.#parts, piece, target, {
      verified,
      unverified: (range, bytes) => this.#mirrors.read(unchecked, range.offset, bytes, patient),
      findWrong: verification.findWrong,
    });
  }

  #verification(piece: Piece): Verification {
    return {
      file: MASTER_FILES.disk,
      lengthBytes: this.lengthBytes,
      findWrong: (offset, bytes) => {
        const first = ((offset - piece.offset) / CHUNK_BYTES) * HASH_BYTES;
        return badChunks(bytes, piece.hashes.subarray(first), CHUNK_BYTES).map((bad) => ({
          offset: offset + bad.offset,
          length: bad.length,
        }));
      },
    };
  }

  #unlessClosed<T>(result: Result<T>): Result<T> {
    return !result.ok && this.closed ? closedFailure(this) : result;
  }
}

/** Fetches a part of the manifest, whole or not at all. */
async function fetchHashes(
  mirrors: MirrorSet,
  lengthBytes: number,
  range: Range,
  expected: Buffer,
): Promise<Result<Buffer>> {
  const bytes = Buffer.allocUnsafeSlow(range.length);
  const findWrong = (_at: number, found: Uint8Array) => (sha256(found).equals(expected) ? [] : [range]);
  const read = await mirrors.read(
    { file: MASTER_FILES.chunks, lengthBytes, findWrong },
    range.offset,
    bytes,
    false,
  );
  return read.ok ? ok(bytes) : read;
}
