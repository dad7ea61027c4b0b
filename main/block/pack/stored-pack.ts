import { DONE, err, ok, type Result } from '../../../shared/result.ts';
import type { BlockFile } from '../file.ts';
import { sha256 } from '../manifest/digest.ts';
import type { KnownParts } from '../known-parts.ts';
import type { Range } from '../range.ts';
import { ChunkCache } from '../verified/chunk-cache.ts';
import { openFrame } from './frame.ts';
import type { FrameFlags } from './frame-flags.ts';
import type { PackFrame, PackIndex } from './layout.ts';
import { PackMap, type PackPart } from './pack-map.ts';

/** Content of frames kept: at most 4 MiB. What boots read together lies in few frames, what lies together in more. */
const KEPT_FRAMES = 16;

/**
 * What of a boot pack is in a local file, where it stands as in the pack itself. A frame is here if its hash says so:
 * nothing is written down about that, so nothing can be wrong after a crash.
 */
export class StoredPack implements KnownParts {
  readonly index: PackIndex;
  readonly map: PackMap;
  readonly #file: BlockFile;
  readonly #flags: FrameFlags;
  readonly #contents = new ChunkCache(KEPT_FRAMES);

  constructor(file: BlockFile, index: PackIndex, flags: FrameFlags) {
    this.#file = file;
    this.index = index;
    this.map = new PackMap(index);
    this.#flags = flags;
  }

  /** Looks at every frame of the file and marks those that are whole. */
  async scan(): Promise<Result<void>> {
    for (const [frame, entry] of this.index.frames.entries()) {
      const stored = await this.#readStored(entry);
      if (!stored.ok) return stored;
      this.#flags.mark(frame, sha256(stored.value).equals(entry.sha256));
    }
    return DONE;
  }

  /** Stores frames that were downloaded, and verified, together. @param first number of the first of them */
  async store(first: number, count: number, bytes: Uint8Array): Promise<Result<void>> {
    const at = this.index.frames[first]?.fileOffset ?? 0;
    const written = await this.#file.write(at, bytes);
    if (!written.ok) return written;
    for (let frame = first; frame < first + count; frame++) this.#flags.mark(frame, true);
    return DONE;
  }

  async within(range: Range): Promise<readonly PackPart[]> {
    if (!this.#flags.inUse) return [];
    return this.map.within(range).filter(({ frame }) => this.#flags.isStored(frame));
  }

  async read(offset: number, target: Uint8Array): Promise<Result<void>> {
    let filled = 0;
    for (const part of this.map.within({ offset, length: target.length })) {
      if (part.offset !== offset + filled) break;
      const content = await this.#contents.get(part.frame, () => this.#load(part.frame));
      if (!content.ok) {
        this.#flags.mark(part.frame, false);
        return content;
      }
      target.set(content.value.subarray(part.contentOffset, part.contentOffset + part.length), filled);
      filled += part.length;
    }
    return filled === target.length ? DONE : err('out-of-range', 'the boot pack does not hold these bytes');
  }

  distrust(): void {
    this.#flags.giveUp();
  }

  async #load(frame: number): Promise<Result<Uint8Array>> {
    const entry = this.index.frames[frame];
    if (entry === undefined) return err('out-of-range', `the boot pack has no frame ${frame}`);
    const stored = await this.#readStored(entry);
    return stored.ok ? openFrame(entry, stored.value) : stored;
  }

  async #readStored({ fileOffset, storedBytes }: PackFrame): Promise<Result<Uint8Array>> {
    const stored = new Uint8Array(storedBytes);
    const read = await this.#file.read(fileOffset, stored);
    return read.ok ? ok(stored) : read;
  }
}
