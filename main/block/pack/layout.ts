import { err, ok, type Result } from '../../../shared/result.ts';
import { KIB, SECTOR_BYTES, isAligned } from '../../../shared/units.ts';
import { HASH_BYTES } from '../manifest/digest.ts';
import { rangeEnd, type Range } from '../range.ts';

/**
 * `boot.pack`: ranges of a disk in the order a boot read them, compressed, to be downloaded from front to end.
 *
 * ```
 * header   magic "HWbtpack" · u32 version · u32 frames · u32 ranges · u32 0 · u64 content bytes · SHA-256 of the disk
 * frames   for each: u32 stored bytes · u32 content bytes · SHA-256 of what is stored
 * ranges   for each: u64 offset · u32 length, in bytes of the disk
 * content  what is stored of each frame, one after the other
 * ```
 *
 * Numbers are little-endian. A frame holds the content of some ranges, whole ones, in their order: compressed with
 * Brotli, or as it is where that is no shorter, which the equal lengths tell.
 */
export const PACK_HEADER_BYTES = 64;
/** Content of a frame at most: enough to compress well, little enough to be there soon. */
export const FRAME_BYTES = 256 * KIB;
export const MOST_FRAMES = 1 << 15;
export const MOST_RANGES = 1 << 19;

const MAGIC = Buffer.from('HWbtpack', 'latin1');
const VERSION = 1;
const FRAME_ENTRY_BYTES = 8 + HASH_BYTES;
const RANGE_ENTRY_BYTES = 12;

export interface PackFrame {
  /** Where in the pack it is stored. */
  readonly fileOffset: number;
  readonly storedBytes: number;
  readonly contentBytes: number;
  /** Of what is stored. */
  readonly sha256: Buffer;
  /** What it holds, in the order of its content. */
  readonly ranges: readonly Range[];
}

export interface PackIndex {
  /** SHA-256 of the disk, in hexadecimal. */
  readonly disk: string;
  readonly frames: readonly PackFrame[];
  readonly contentBytes: number;
  /** Header, frames and ranges. */
  readonly headBytes: number;
  readonly fileBytes: number;
}

/** How long the head is, as its first {@link PACK_HEADER_BYTES} bytes say; `malformed` where no pack says that. */
export function headLengthOf(header: Buffer): Result<number> {
  if (header.length < PACK_HEADER_BYTES || header.compare(MAGIC, 0, 8, 0, 8) !== 0) return bad('magic');
  if (header.readUInt32LE(8) !== VERSION) return bad('version');
  const frames = header.readUInt32LE(12);
  const ranges = header.readUInt32LE(16);
  if (frames < 1 || frames > MOST_FRAMES) return bad('number of frames');
  if (ranges < frames || ranges > MOST_RANGES) return bad('number of ranges');
  return ok(PACK_HEADER_BYTES + frames * FRAME_ENTRY_BYTES + ranges * RANGE_ENTRY_BYTES);
}

/**
 * Reads the head of a pack of a disk of `diskBytes`. Fails with `malformed`, naming the field: frames that are too
 * long, ranges outside the disk, within a sector or twice, a table that does not add up.
 */
export function parseHead(head: Buffer, diskBytes: number): Result<PackIndex> {
  const length = headLengthOf(head);
  if (!length.ok) return length;
  if (head.length !== length.value) return bad('length of the head');
  if (head.readUInt32LE(20) !== 0) return bad('reserved field');
  const frameCount = head.readUInt32LE(12);
  const ranges = readRanges(head, frameCount, diskBytes);
  if (!ranges.ok) return ranges;
  const frames: PackFrame[] = [];
  let fileOffset = head.length;
  let contentBytes = 0;
  let nextRange = 0;
  for (let index = 0; index < frameCount; index++) {
    const at = PACK_HEADER_BYTES + index * FRAME_ENTRY_BYTES;
    const storedBytes = head.readUInt32LE(at);
    const frameBytes = head.readUInt32LE(at + 4);
    if (storedBytes < 1 || storedBytes > frameBytes || frameBytes > FRAME_BYTES) {
      return bad(`length of frame ${index}`);
    }
    const first = nextRange;
    let filled = 0;
    while (filled < frameBytes && nextRange < ranges.value.length)
      filled += ranges.value[nextRange++]?.length ?? 0;
    if (filled !== frameBytes) return bad(`ranges of frame ${index}`);
    frames.push({
      fileOffset,
      storedBytes,
      contentBytes: frameBytes,
      sha256: head.subarray(at + 8, at + 8 + HASH_BYTES),
      ranges: ranges.value.slice(first, nextRange),
    });
    fileOffset += storedBytes;
    contentBytes += frameBytes;
  }
  if (nextRange !== ranges.value.length) return bad('number of ranges');
  if (head.readBigUInt64LE(24) !== BigInt(contentBytes)) return bad('content length');
  const disk = head.toString('hex', 32, 64);
  return ok({ disk, frames, contentBytes, headBytes: head.length, fileBytes: fileOffset });
}

function readRanges(head: Buffer, frameCount: number, diskBytes: number): Result<Range[]> {
  const start = PACK_HEADER_BYTES + frameCount * FRAME_ENTRY_BYTES;
  const ranges: Range[] = [];
  for (let at = start; at < head.length; at += RANGE_ENTRY_BYTES) {
    const offset = Number(head.readBigUInt64LE(at));
    const range = { offset, length: head.readUInt32LE(at + 8) };
    const inSectors = isAligned(offset, SECTOR_BYTES) && isAligned(range.length, SECTOR_BYTES);
    if (range.length === 0 || !inSectors || !(rangeEnd(range) <= diskBytes)) {
      return bad(`range ${ranges.length}`);
    }
    ranges.push(range);
  }
  const sorted = [...ranges].sort((one, other) => one.offset - other.offset);
  const twice = sorted.some((range, index) => {
    const before = sorted[index - 1];
    return before !== undefined && rangeEnd(before) > range.offset;
  });
  return twice ? bad('ranges: some bytes are there twice') : ok(ranges);
}

/** The head of a pack whose frames, with their ranges, are these. */
export function encodeHead(
  disk: string,
  frames: readonly Pick<PackFrame, 'storedBytes' | 'contentBytes' | 'sha256' | 'ranges'>[],
): Buffer {
  const ranges = frames.flatMap((frame) => frame.ranges);
  const tables = frames.length * FRAME_ENTRY_BYTES + ranges.length * RANGE_ENTRY_BYTES;
  const head = Buffer.alloc(PACK_HEADER_BYTES + tables);
  MAGIC.copy(head);
  head.writeUInt32LE(VERSION, 8);
  head.writeUInt32LE(frames.length, 12);
  head.writeUInt32LE(ranges.length, 16);
  head.writeBigUInt64LE(BigInt(frames.reduce((sum, frame) => sum + frame.contentBytes, 0)), 24);
  head.write(disk, 32, 'hex');
  let at = PACK_HEADER_BYTES;
  for (const { storedBytes, contentBytes, sha256 } of frames) {
    head.writeUInt32LE(storedBytes, at);
    head.writeUInt32LE(contentBytes, at + 4);
    sha256.copy(head, at + 8);
    at += FRAME_ENTRY_BYTES;
  }
  for (const { offset, length } of ranges) {
    head.writeBigUInt64LE(BigInt(offset), at);
    head.writeUInt32LE(length, at + 8);
    at += RANGE_ENTRY_BYTES;
  }
  return head;
}

function bad(what: string) {
  return err('malformed', `the boot pack is damaged: ${what}`);
}
