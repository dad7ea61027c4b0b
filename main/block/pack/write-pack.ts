import { err, ok, type Result } from '../../../shared/result.ts';
import type { BlockDevice } from '../device.ts';
import type { BlockFile } from '../file.ts';
import { sha256 } from '../manifest/digest.ts';
import type { Range } from '../range.ts';
import { compressFrame, framesOf } from './frame.ts';
import { encodeHead, MOST_FRAMES, MOST_RANGES, type PackFrame } from './layout.ts';

export interface WrittenPack {
  /** SHA-256 of the head, in hexadecimal. */
  readonly sha256: string;
  readonly lengthBytes: number;
  readonly uncompressedBytes: number;
}

/**
 * Writes the pack of `ranges`, none of which overlap, to an empty file. The same ranges of the same disk give the same
 * bytes with the same version of Brotli. Fails with `unsupported` where a boot reads more than a pack can hold.
 * @param progress told how many bytes of content are packed
 */
export async function writePack(
  disk: BlockDevice,
  diskSha256: string,
  ranges: readonly Range[],
  file: BlockFile,
  progress: (contentBytes: number) => void = () => {},
): Promise<Result<WrittenPack>> {
  // The head comes first and is known last: its length follows from the ranges alone.
  const cut = [...framesOf(ranges)];
  const rangeCount = cut.reduce((sum, frame) => sum + frame.length, 0);
  if (cut.length === 0) return err('invalid-argument', 'a pack needs at least one range');
  if (cut.length > MOST_FRAMES || rangeCount > MOST_RANGES) {
    return err('unsupported', 'this boot reads more, or in more pieces, than a boot pack can hold');
  }
  const empty = { storedBytes: 0, contentBytes: 0, sha256: Buffer.alloc(32) };
  const headBytes = encodeHead(
    diskSha256,
    cut.map((frameRanges) => ({ ...empty, ranges: frameRanges })),
  ).length;
  const frames: Omit<PackFrame, 'fileOffset'>[] = [];
  let fileOffset = headBytes;
  let contentBytes = 0;
  for (const frameRanges of cut) {
    const content = await readContent(disk, frameRanges);
    if (!content.ok) return content;
    const stored = compressFrame(content.value);
    const written = await file.write(fileOffset, stored);
    if (!written.ok) return written;
    frames.push({
      storedBytes: stored.length,
      contentBytes: content.value.length,
      sha256: sha256(stored),
      ranges: frameRanges,
    });
    fileOffset += stored.length;
    contentBytes += content.value.length;
    progress(contentBytes);
  }
  const head = encodeHead(diskSha256, frames);
  const written = await file.write(0, head);
  if (!written.ok) return written;
  return ok({
    sha256: sha256(head).toString('hex'),
    lengthBytes: fileOffset,
    uncompressedBytes: contentBytes,
  });
}

async function readContent(disk: BlockDevice, ranges: readonly Range[]): Promise<Result<Uint8Array>> {
  const content = new Uint8Array(ranges.reduce((sum, { length }) => sum + length, 0));
  let filled = 0;
  for (const { offset, length } of ranges) {
    const read = await disk.read(offset, content.subarray(filled, filled + length));
    if (!read.ok) return read;
    filled += length;
  }
  return ok(content);
}
