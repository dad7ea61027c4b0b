import { createHash } from 'node:crypto';
import type { Clock } from '../../../shared/clock.ts';
import { CHUNK_BYTES, MASTER_FILES } from '../../../shared/master-files.ts';
import type { PublishedMaster, StateDescription } from '../../../shared/master.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
import { MIB } from '../../../shared/units.ts';
import type { BlockDevice } from '../../block/device.ts';
import { badChunks, ChunkTree } from '../../block/manifest/chunk-tree.ts';
import { sha256 } from '../../block/manifest/digest.ts';
import { FAN_OUT } from '../../block/manifest/layout.ts';
import type { MasterFile, MasterSource } from '../../block/verified/master-source.ts';
import { openFrame } from '../../block/pack/frame.ts';
import type { PackFrame } from '../../block/pack/layout.ts';
import { loadPackIndex, type PackDescription } from '../../block/pack/load-index.ts';
import { masterSources } from '../../storage/chain/published-master.ts';
import { HEADER_BYTES, isPiece, layOut } from '../../storage/saved-state/pieces.ts';
import { isStateHead, parsePublishedHead } from '../../storage/saved-state/published-state.ts';

export interface VerifyRequest {
  readonly master: PublishedMaster;
}

/** Something about a master that is not as its description says. */
export interface MasterProblem {
  readonly file: MasterFile;
  /** Where in the file, in bytes; null where it is the whole. */
  readonly offset: number | null;
  readonly message: string;
}

export interface VerifyReport {
  /** The first of them; {@link problemCount} tells how many there are. */
  readonly problems: readonly MasterProblem[];
  readonly problemCount: number;
  readonly checkedBytes: number;
}

export interface VerifyContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress: (fraction: number) => void;
}

const PIECE_BYTES = MIB;
/** Pieces read ahead of the one that is looked at. */
const AHEAD = 8;
const MOST_PROBLEMS = 100;

/**
 * Reads all there is of a published master in its first source, and compares it with its description. What is wrong
 * is reported; only what keeps it from being read at all is a failure.
 */
export async function verifyMaster(
  { master }: VerifyRequest,
  context: VerifyContext,
): Promise<Result<VerifyReport>> {
  const sources = masterSources(master.sources.slice(0, 1), { clock: context.clock });
  if (!sources.ok) return sources;
  const [source] = sources.value;
  if (source === undefined) return err('invalid-argument', 'a master needs a source');
  return new Verifier(master, source, context).run();
}

class Verifier {
  readonly #master: PublishedMaster;
  readonly #source: MasterSource;
  readonly #context: VerifyContext;
  readonly #problems: MasterProblem[] = [];
  #problemCount = 0;
  #checkedBytes = 0;

  constructor(master: PublishedMaster, source: MasterSource, context: VerifyContext) {
    this.#master = master;
    this.#source = source;
    this.#context = context;
  }

  async run(): Promise<Result<VerifyReport>> {
    const { description } = this.#master;
    const { chunks, lengthBytes, bootProfile, bootPack, state } = description;
    const disk = await this.#withFile(MASTER_FILES.chunks, chunks.lengthBytes, (manifest) =>
      this.#withFile(MASTER_FILES.disk, lengthBytes, (content) => this.#checkDisk(manifest, content)),
    );
    if (!disk.ok) return disk;
    const profile =
      bootProfile === undefined
        ? ok(undefined)
        : await this.#checkWhole(MASTER_FILES.bootProfile, bootProfile);
    if (!profile.ok) return profile;
    const saved = state === undefined ? ok(undefined) : await this.#checkState(state);
    if (!saved.ok) return saved;
    const pack = bootPack === undefined ? ok(undefined) : await this.#checkPack(bootPack);
    if (!pack.ok) return pack;
    return ok({
      problems: this.#problems,
      problemCount: this.#problemCount,
      checkedBytes: this.#checkedBytes,
    });
  }

  async #checkDisk(manifest: BlockDevice, disk: BlockDevice): Promise<Result<void>> {
    const tree = await ChunkTree.load(this.#master.description, async (range, expected) => {
      const bytes = await readBytes(manifest, range.offset, range.length);
      if (!bytes.ok) return bytes;
      this.#checkedBytes += range.length;
      return sha256(bytes.value).equals(expected)
        ? bytes
        : err('malformed', `the ${range.length} bytes at ${range.offset} have another SHA-256`);
    });
    if (!tree.ok) return this.#unlessUnreadable(MASTER_FILES.chunks, null, tree);
    const hashes = await this.#checkHashes(tree.value);
    return hashes.ok ? this.#checkChunks(tree.value, disk) : hashes;
  }

  /** Every block of hashes, those of holes included. */
  async #checkHashes(tree: ChunkTree): Promise<Result<void>> {
    for (let chunk = 0; chunk < tree.layout.chunkCount; chunk += FAN_OUT) {
      const hashes = await tree.hashesFrom(chunk, 1);
      if (hashes.ok) continue;
      const told = this.#unlessUnreadable(
        MASTER_FILES.chunks,
        tree.layout.block(0, chunk / FAN_OUT).offset,
        hashes,
      );
      if (!told.ok) return told;
    }
    return ok(undefined);
  }

  async #checkChunks(tree: ChunkTree, disk: BlockDevice): Promise<Result<void>> {
    const whole = createHash('sha256');
    for await (const piece of this.#pieces(disk)) {
      if (!piece.read.ok) return piece.read;
      whole.update(piece.bytes);
      const first = piece.offset / CHUNK_BYTES;
      const hashes = await tree.hashesFrom(first, Math.ceil(piece.bytes.length / CHUNK_BYTES));
      if (!hashes.ok) continue;
      for (const bad of badChunks(piece.bytes, hashes.value, CHUNK_BYTES)) {
        this.#tell(
          MASTER_FILES.disk,
          piece.offset + bad.offset,
          `the ${bad.length} bytes have another SHA-256`,
        );
      }
    }
    if (this.#context.signal.aborted) return err('cancelled', 'The check was cancelled');
    if (whole.digest('hex') !== this.#master.description.sha256) {
      this.#tell(MASTER_FILES.disk, null, 'it has another SHA-256 as a whole');
    }
    return ok(undefined);
  }

  /** A file that has one hash for all of it. */
  #checkWhole(file: MasterFile, told: { sha256: string; lengthBytes: number }): Promise<Result<void>> {
    return this.#withFile(file, told.lengthBytes, async (content) => {
      const whole = createHash('sha256');
      for await (const piece of this.#pieces(content)) {
        if (!piece.read.ok) return piece.read;
        whole.update(piece.bytes);
      }
      if (this.#context.signal.aborted) return err('cancelled', 'The check was cancelled');
      if (whole.digest('hex') !== told.sha256) this.#tell(file, null, 'it has another SHA-256');
      return ok(undefined);
    });
  }

  /** Every piece, and that it belongs to this disk. */
  #checkState(told: StateDescription): Promise<Result<void>> {
    const { state: file } = MASTER_FILES;
    return this.#withFile(file, told.lengthBytes, async (content) => {
      const head = await readBytes(content, 0, HEADER_BYTES);
      if (!head.ok) return head;
      if (!isStateHead(told, head.value)) {
        this.#tell(file, 0, 'its head has another SHA-256');
        return ok(undefined);
      }
      const header = parsePublishedHead(this.#master.description, told, head.value);
      if (!header.ok) return this.#unlessUnreadable(file, 0, header);
      const { pieces, hashes } = layOut(header.value.storedBytes);
      const expected = await readBytes(content, hashes.offset, hashes.length);
      if (!expected.ok) return expected;
      if (!sha256(expected.value).equals(header.value.digest)) {
        this.#tell(file, hashes.offset, 'the hashes of its pieces have another SHA-256');
        return ok(undefined);
      }
      for (const [index, { offset, length }] of pieces.entries()) {
        if (this.#context.signal.aborted) return err('cancelled', 'The check was cancelled');
        const piece = await readBytes(content, offset, length);
        if (!piece.ok) return piece;
        if (!isPiece(expected.value, index, piece.value)) {
          this.#tell(file, offset, `the ${length} bytes have another SHA-256`);
        }
      }
      this.#checkedBytes += told.lengthBytes;
      return ok(undefined);
    });
  }

  /** Every frame, and that its content is that of the disk. */
  #checkPack(told: PackDescription): Promise<Result<void>> {
    const { description } = this.#master;
    const { bootPack: file, disk } = MASTER_FILES;
    return this.#withFile(file, told.lengthBytes, (pack) =>
      this.#withFile(disk, description.lengthBytes, async (content) => {
        const loaded = await loadPackIndex(description, told, (offset, length) =>
          readBytes(pack, offset, length),
        );
        if (!loaded.ok) return this.#unlessUnreadable(file, null, loaded);
        for (const frame of loaded.value.index.frames) {
          if (this.#context.signal.aborted) return err('cancelled', 'The check was cancelled');
          const stored = await readBytes(pack, frame.fileOffset, frame.storedBytes);
          if (!stored.ok) return stored;
          this.#checkedBytes += frame.storedBytes;
          const opened = await openFrame(frame, stored.value);
          if (opened.ok) {
            const compared = await this.#compareFrame(frame, opened.value, content);
            if (!compared.ok) return compared;
          } else this.#tell(file, frame.fileOffset, opened.failure.message);
        }
        return ok(undefined);
      }),
    );
  }

  async #compareFrame(frame: PackFrame, content: Uint8Array, disk: BlockDevice): Promise<Result<void>> {
    let at = 0;
    for (const { offset, length } of frame.ranges) {
      const wanted = await readBytes(disk, offset, length);
      if (!wanted.ok) return wanted;
      if (!wanted.value.equals(content.subarray(at, at + length))) {
        const message = `it holds other bytes than the disk for the ${length} at ${offset}`;
        this.#tell(MASTER_FILES.bootPack, frame.fileOffset, message);
      }
      at += length;
    }
    return ok(undefined);
  }

  /** The pieces of a file in their order, some of them read ahead. */
  async *#pieces(device: BlockDevice) {
    const { lengthBytes } = device;
    const coming: { offset: number; bytes: Uint8Array; read: Promise<Result<void>> }[] = [];
    try {
      for (let next = 0; next < lengthBytes || coming.length > 0;) {
        while (next < lengthBytes && coming.length < AHEAD) {
          const bytes = new Uint8Array(Math.min(PIECE_BYTES, lengthBytes - next));
          coming.push({ offset: next, bytes, read: device.read(next, bytes) });
          next += bytes.length;
        }
        const piece = coming.shift();
        if (piece === undefined || this.#context.signal.aborted) break;
        const read = await piece.read;
        this.#checkedBytes += piece.bytes.length;
        yield { ...piece, read };
        this.#context.progress((piece.offset + piece.bytes.length) / lengthBytes);
        // Local reads end at once: let a cancellation be heard.
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      await Promise.all(coming.map(({ read }) => read));
    }
  }

  async #withFile(
    file: MasterFile,
    lengthBytes: number,
    check: (device: BlockDevice) => Promise<Result<void>>,
  ): Promise<Result<void>> {
    const device = await this.#source.open(file, lengthBytes, () => {});
    if (!device.ok) return this.#unlessUnreadable(file, null, device);
    const checked = await check(device.value);
    await device.value.close();
    return checked;
  }

  /** A file that is wrong is a problem; one that cannot be read leaves nothing to say. */
  #unlessUnreadable(file: MasterFile, offset: number | null, failed: Result<unknown>): Result<void> {
    if (failed.ok) return ok(undefined);
    const { code, message } = failed.failure;
    if (code !== 'malformed' && code !== 'not-found') return failed;
    this.#tell(file, offset, message);
    return ok(undefined);
  }

  #tell(file: MasterFile, offset: number | null, message: string): void {
    this.#problemCount++;
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push({ file, offset, message });
  }
}

async function readBytes(device: BlockDevice, offset: number, length: number): Promise<Result<Buffer>> {
  const bytes = Buffer.alloc(length);
  const read = await device.read(offset, bytes);
  return read.ok ? ok(bytes) : read;
}
