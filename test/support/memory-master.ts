import { CHUNK_BYTES, MASTER_FILES } from '../../shared/master-files.ts';
import type { MasterDescription } from '../../shared/master.ts';
import { DONE, err, ok, unwrap, type Failure, type Result } from '../../shared/result.ts';
import { checkRange } from '../../main/block/bounds.ts';
import { ChunkHashWriter } from '../../main/block/manifest/build.ts';
import { sha256 } from '../../main/block/manifest/digest.ts';
import { ManifestLayout } from '../../main/block/manifest/layout.ts';
import type { MasterFile, MasterSource, SourceFile } from '../../main/block/verified/master-source.ts';
import type { MirrorSample } from '../../main/block/verified/mirror-health.ts';
import { MemoryFile } from './memory-file.ts';
import { SparseBytes } from './sparse-bytes.ts';

/** A master as a publisher would lay it out, in memory. */
export interface MemoryMaster {
  readonly description: MasterDescription;
  readonly files: Readonly<Partial<Record<MasterFile, Uint8Array>>>;
}

export async function publishInMemory(disk: Uint8Array): Promise<MemoryMaster> {
  const layout = new ManifestLayout(disk.length);
  const content = new SparseBytes();
  const writer = new ChunkHashWriter(new MemoryFile(content), layout);
  for (let at = 0; at < disk.length; at += CHUNK_BYTES) {
    unwrap(await writer.add(sha256(disk.subarray(at, at + CHUNK_BYTES))));
  }
  const diskSha256 = sha256(disk).toString('hex');
  const root = unwrap(await writer.finish(diskSha256));
  return {
    description: {
      formatVersion: 1,
      sha256: diskSha256,
      lengthBytes: disk.length,
      chunkBytes: CHUNK_BYTES,
      chunks: { sha256: root, lengthBytes: layout.fileBytes },
    },
    files: { [MASTER_FILES.disk]: disk, [MASTER_FILES.chunks]: content.toBytes() },
  };
}

/** A source in memory that fails, lies and tells on request, and remembers what it was asked for. */
export class MemorySource implements MasterSource {
  readonly name: string;
  readonly remote = true;
  readonly reads: { readonly file: MasterFile; readonly offset: number; readonly length: number }[] = [];
  /** What a read ends with instead of bytes. */
  fault: (file: MasterFile, offset: number, length: number) => Failure | null = () => null;
  /** What is done to bytes on their way. */
  spoil: (file: MasterFile, offset: number, bytes: Uint8Array) => void = () => {};
  /** What is told of each answered request. */
  sample: Pick<MirrorSample, 'timeToFirstByteMs' | 'totalMs'> = { timeToFirstByteMs: 1, totalMs: 2 };
  /** Resolves when a read may be answered. */
  gate: () => Promise<void> = () => Promise.resolve();
  readonly #files: MemoryMaster['files'];

  constructor(name: string, { files }: MemoryMaster) {
    this.name = name;
    this.#files = { ...files };
  }

  diskReads(): Omit<(typeof this.reads)[number], 'file'>[] {
    return this.reads
      .filter(({ file }) => file === MASTER_FILES.disk)
      .map(({ offset, length }) => ({ offset, length }));
  }

  async open(
    file: MasterFile,
    lengthBytes: number,
    onSample: (sample: MirrorSample) => void,
  ): Promise<Result<SourceFile>> {
    const bytes = this.#files[file];
    if (bytes?.length !== lengthBytes) return err('not-found', `${this.name}${file}: not there`);
    return ok(new MemoryFileDevice(this, file, bytes, onSample));
  }
}

class MemoryFileDevice implements SourceFile {
  readonly readOnly = true;
  readonly remote = true;
  readonly name: string;
  readonly lengthBytes: number;
  readonly #source: MemorySource;
  readonly #file: MasterFile;
  readonly #bytes: Uint8Array;
  readonly #onSample: (sample: MirrorSample) => void;
  #closed = false;

  constructor(
    source: MemorySource,
    file: MasterFile,
    bytes: Uint8Array,
    onSample: (sample: MirrorSample) => void,
  ) {
    this.name = source.name + file;
    this.lengthBytes = bytes.length;
    this.#source = source;
    this.#file = file;
    this.#bytes = bytes;
    this.#onSample = onSample;
  }

  async read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<Result<void>> {
    const inside = checkRange(this, offset, target.length);
    if (!inside.ok) return inside;
    this.#source.reads.push({ file: this.#file, offset, length: target.length });
    await this.#source.gate();
    if (this.#closed) return err('closed', `${this.name} is closed`);
    if (signal?.aborted) return err('cancelled', `${this.name}: withdrawn`);
    const failure = this.#source.fault(this.#file, offset, target.length);
    if (failure !== null) return { ok: false, failure };
    target.set(this.#bytes.subarray(offset, offset + target.length));
    this.#source.spoil(this.#file, offset, target);
    this.#onSample({ requestedBytes: target.length, ...this.#source.sample });
    return DONE;
  }

  async close(): Promise<Result<void>> {
    this.#closed = true;
    return DONE;
  }

  write = () => this.#no();
  writeZeroes = () => this.#no();
  discard = () => this.#no();
  flush = () => this.#no();
  extentAt = () => this.#no();

  async #no(): Promise<Result<never>> {
    return err('unsupported', `${this.name} is only read`);
  }
}
