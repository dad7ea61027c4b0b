import type { Range } from '../range.ts';
import { CHUNK_BYTES } from '../../../shared/master-files.ts';
import { HASH_BYTES } from './digest.ts';

/** Nodes that one hash of the level above vouches for: their hashes make a block of 32 KiB. */
export const FAN_OUT = 1024;
export const BLOCK_BYTES = FAN_OUT * HASH_BYTES;
export const HEADER_BYTES = 64;

/** All hashes of one height, in the order of the disk. */
export interface Level {
  readonly count: number;
  /** Where they begin in `chunks.bin`. */
  readonly fileOffset: number;
  /** Chunks that a node stands for, the last of the level apart. */
  readonly chunksPerNode: number;
}

/**
 * Where everything stands in `chunks.bin`, which follows from the length of the disk alone. Level 0 has a hash for each
 * chunk of the disk, each further level one for each block of up to 1024 hashes of the level below, until a level has
 * no more than 1024: one level up to 64 MiB, two up to 64 GiB, three up to 64 TiB.
 */
export class ManifestLayout {
  readonly diskBytes: number;
  /** From the chunks upwards. */
  readonly levels: readonly Level[];
  readonly top: Level;
  /** Header and uppermost level: what has to be known before anything can be verified. At most 32 KiB and a little. */
  readonly headBytes: number;
  readonly fileBytes: number;

  /** @param diskBytes at least 1, at most 64 TiB */
  constructor(diskBytes: number) {
    this.diskBytes = diskBytes;
    const counts = [Math.ceil(diskBytes / CHUNK_BYTES)];
    for (let count = counts[0] ?? 0; count > FAN_OUT; counts.push(count)) count = Math.ceil(count / FAN_OUT);
    // Uppermost first in the file, so that the head is one piece at its beginning.
    let fileOffset = HEADER_BYTES;
    const downwards = counts.toReversed().map((count) => {
      const level = { count, fileOffset };
      fileOffset += count * HASH_BYTES;
      return level;
    });
    this.levels = downwards
      .toReversed()
      .map((level, height) => ({ ...level, chunksPerNode: FAN_OUT ** height }));
    this.top = this.level(this.levels.length - 1);
    this.headBytes = HEADER_BYTES + this.top.count * HASH_BYTES;
    this.fileBytes = fileOffset;
  }

  get chunkCount(): number {
    return this.level(0).count;
  }

  level(height: number): Level {
    const level = this.levels[height];
    if (level === undefined) throw new RangeError(`there is no level ${height}`);
    return level;
  }

  /** Which bytes of the disk a chunk is; the last may be shorter than others. */
  chunk(index: number): Range {
    const offset = index * CHUNK_BYTES;
    return { offset, length: Math.min(CHUNK_BYTES, this.diskBytes - offset) };
  }

  /** Which bytes of `chunks.bin` hold block `index` of a level. */
  block(height: number, index: number): Range {
    const { count, fileOffset } = this.level(height);
    const first = index * FAN_OUT;
    return {
      offset: fileOffset + first * HASH_BYTES,
      length: Math.min(FAN_OUT, count - first) * HASH_BYTES,
    };
  }
}
