import type { Clock } from '../../../shared/clock.ts';
import { MASTER_FILES } from '../../../shared/master-files.ts';
import type { PublishedMaster } from '../../../shared/master.ts';
import { because, DONE, err, ok, type Result } from '../../../shared/result.ts';
import { sha256, sha256OfPieces } from '../../block/manifest/digest.ts';
import { NodeFile } from '../../block/node-file.ts';
import type { FrameFlags } from '../../block/pack/frame-flags.ts';
import { headLengthOf, type PackFrame, type PackIndex } from '../../block/pack/layout.ts';
import { loadPackIndex, type PackDescription } from '../../block/pack/load-index.ts';
import { StoredPack } from '../../block/pack/stored-pack.ts';
import type { Range } from '../../block/range.ts';
import type { MirrorRecords } from '../../block/verified/mirror-record.ts';
import { MirrorSet, type WrongBytes } from '../../block/verified/mirror-set.ts';
import type { PackSource } from '../../streaming/boot-pack/boot-pack.ts';
import { masterSources } from './published-master.ts';

export interface PublishedPackOptions {
  readonly published: PublishedMaster;
  readonly pack: PackDescription;
  /** Where it is kept. What another pack has left there is replaced. */
  readonly path: string;
  readonly flags: FrameFlags;
  readonly clock: Clock;
  readonly onWrongBytes?: ((wrong: WrongBytes) => void) | undefined;
  /** What is known of the sources, and what is found out. */
  readonly mirrors?: MirrorRecords | undefined;
}

/** The boot pack of a published master, from all its sources, kept in a local file. */
export class PublishedPack implements PackSource {
  readonly #options: PublishedPackOptions;
  readonly #mirrors: MirrorSet;
  #file: NodeFile | null = null;
  #index: PackIndex | null = null;
  /** The beginning of the pack as it came with the head: frames of which something is in there need only the rest. */
  #beginning = Buffer.alloc(0);

  /** Fails with `invalid-argument` where the sources make no sense. */
  static over(options: PublishedPackOptions): Result<PublishedPack> {
    const { published, clock } = options;
    const sources = masterSources(published.sources, { clock });
    return sources.ok
      ? ok(
          new PublishedPack(
            options,
            new MirrorSet(sources.value, {
              clock,
              random: Math.random,
              onWrongBytes: options.onWrongBytes,
              records: options.mirrors,
            }),
          ),
        )
      : sources;
  }

  private constructor(options: PublishedPackOptions, mirrors: MirrorSet) {
    this.#options = options;
    this.#mirrors = mirrors;
  }

  async open(): Promise<Result<StoredPack>> {
    const kept = await openStoredPack(this.#options, { readOnly: false });
    if (kept.ok) {
      const scanned = await kept.value.pack.scan();
      return scanned.ok ? this.#use(kept.value) : because('the boot pack cannot be kept', scanned);
    }
    const { published, pack, path, flags } = this.#options;
    const head = await loadPackIndex(published.description, pack, (offset, length) =>
      this.#readHead(offset, length),
    );
    if (!head.ok) return head;
    // Only now: what is there may be all there is, on a computer without a network.
    const file = NodeFile.create(path);
    if (!file.ok) return because('the boot pack cannot be kept', file);
    const written = await file.value.write(0, head.value.head);
    if (written.ok)
      return this.#use({ file: file.value, pack: new StoredPack(file.value, head.value.index, flags) });
    await file.value.close();
    return because('the boot pack cannot be kept', written);
  }

  async fetch(first: number, count: number): Promise<Result<Uint8Array>> {
    const frames = this.#index?.frames.slice(first, first + count) ?? [];
    const [start, last] = [frames[0], frames.at(-1)];
    if (start === undefined || last === undefined)
      return err('out-of-range', `the pack has no frame ${first}`);
    const offset = start.fileOffset;
    const bytes = new Uint8Array(last.fileOffset + last.storedBytes - offset);
    const known = this.#beginning.subarray(offset, offset + bytes.length);
    bytes.set(known);
    const read = await this.#read(frames, offset, bytes, known.length);
    if (read.ok || known.length === 0) return read.ok ? ok(bytes) : read;
    // The beginning was not compared with anything when it came.
    this.#beginning = Buffer.alloc(0);
    const again = await this.#read(frames, offset, bytes, 0);
    return again.ok ? ok(bytes) : again;
  }

  async close(): Promise<void> {
    await this.#mirrors.close();
  }

  /** Closes the local file, when nobody reads it any more. */
  async closeFile(): Promise<void> {
    await this.#file?.close();
  }

  #use({ file, pack }: OpenPack): Result<StoredPack> {
    this.#file = file;
    this.#index = pack.index;
    return ok(pack);
  }

  /** Fills what is missing of `bytes`, which stand at `offset`: all but the first `known`. */
  async #read(
    frames: readonly PackFrame[],
    offset: number,
    bytes: Uint8Array,
    known: number,
  ): Promise<Result<void>> {
    const findWrong = (at: number, part: Uint8Array) =>
      wrongFrames(frames, { offset, bytes }, { offset: at, bytes: part });
    if (known === bytes.length) {
      const wrong = findWrong(offset, bytes);
      return wrong.length === 0 ? DONE : err('source-changed', 'the boot pack is damaged');
    }
    return this.#ask(offset + known, bytes.subarray(known), findWrong);
  }

  async #readHead(offset: number, length: number): Promise<Result<Buffer>> {
    const bytes = Buffer.alloc(length);
    const before = this.#beginning.subarray(0, offset);
    const read = await this.#ask(offset, bytes, (_at, found) =>
      isHead(Buffer.concat([before, found]), this.#options.pack) ? [] : [{ offset, length }],
    );
    if (!read.ok) return read;
    this.#beginning = Buffer.concat([before, bytes]);
    return ok(bytes);
  }

  #ask(
    offset: number,
    target: Uint8Array,
    findWrong: (at: number, part: Uint8Array) => Range[],
  ): Promise<Result<void>> {
    const { lengthBytes } = this.#options.pack;
    return this.#mirrors.read({ file: MASTER_FILES.bootPack, lengthBytes, findWrong }, offset, target, false);
  }
}

export interface OpenPack {
  readonly file: NodeFile;
  readonly pack: StoredPack;
}

/** Opens what is kept of a pack. `malformed` where that is none, or another one. */
export async function openStoredPack(
  { published, pack, path, flags }: Pick<PublishedPackOptions, 'published' | 'pack' | 'path' | 'flags'>,
  options: { readonly readOnly: boolean },
): Promise<Result<OpenPack>> {
  const file = NodeFile.open(path, options);
  if (!file.ok) return file;
  const index = await loadPackIndex(published.description, pack, async (offset, length) => {
    const bytes = Buffer.alloc(length);
    const read = await file.value.read(offset, bytes);
    return read.ok ? ok(bytes) : read;
  });
  if (index.ok) return ok({ file: file.value, pack: new StoredPack(file.value, index.value.index, flags) });
  await file.value.close();
  return index;
}

/** Whether these can be the first bytes of the pack. As far as its head is not there yet, nobody knows. */
function isHead(beginning: Buffer, pack: PackDescription): boolean {
  const length = headLengthOf(beginning);
  if (!length.ok) return false;
  if (beginning.length < length.value) return length.value < pack.lengthBytes;
  return sha256(beginning.subarray(0, length.value)).toString('hex') === pack.sha256;
}

/** Bytes that are said to stand at `offset` of the pack. */
interface Said {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Where in `part`, in positions of the pack, frames are wrong; what `part` does not have of them is in `rest`. */
function wrongFrames(frames: readonly PackFrame[], rest: Said, part: Said): Range[] {
  const wrong: Range[] = [];
  const partEnd = part.offset + part.bytes.length;
  for (const { fileOffset, storedBytes, sha256: expected } of frames) {
    const frameEnd = fileOffset + storedBytes;
    const start = Math.max(fileOffset, part.offset);
    const end = Math.min(frameEnd, partEnd);
    if (start >= end) continue;
    const found = sha256OfPieces([
      rest.bytes.subarray(fileOffset - rest.offset, start - rest.offset),
      part.bytes.subarray(start - part.offset, end - part.offset),
      rest.bytes.subarray(end - rest.offset, frameEnd - rest.offset),
    ]);
    if (!found.equals(expected)) wrong.push({ offset: start, length: end - start });
  }
  return wrong;
}
