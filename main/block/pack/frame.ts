import { brotliCompressSync, brotliDecompress, constants } from 'node:zlib';
import { err, ok, type Result } from '../../../shared/result.ts';
import { sha256 } from '../manifest/digest.ts';
import type { Range } from '../range.ts';
import { FRAME_BYTES, type PackFrame } from './layout.ts';

/** Two levels more would save 3 % and take forty times as long. The window need be no larger than a frame. */
const COMPRESSION = {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: 9,
    [constants.BROTLI_PARAM_LGWIN]: Math.log2(FRAME_BYTES),
  },
};

/** Content as it is stored: compressed, unless that is no shorter. */
export function compressFrame(content: Uint8Array): Buffer {
  const compressed = brotliCompressSync(content, COMPRESSION);
  if (compressed.length < content.length) return compressed;
  return Buffer.from(content.buffer, content.byteOffset, content.length);
}

/**
 * The content of a frame from what was stored of it. Nothing is decompressed before its hash is right; fails with
 * `malformed`. Takes a moment in another thread, not in this one.
 */
export async function openFrame(frame: PackFrame, stored: Uint8Array): Promise<Result<Uint8Array>> {
  if (stored.length !== frame.storedBytes || !sha256(stored).equals(frame.sha256)) {
    return err('malformed', 'the boot pack is damaged: a frame has another SHA-256');
  }
  if (frame.storedBytes === frame.contentBytes) return ok(stored);
  const content = await decompress(stored, frame.contentBytes);
  if (content?.length === frame.contentBytes) return ok(content);
  return err('malformed', 'the boot pack is damaged: a frame does not hold what it should');
}

function decompress(stored: Uint8Array, contentBytes: number): Promise<Buffer | null> {
  return new Promise((resolve) => {
    brotliDecompress(stored, { maxOutputLength: contentBytes }, (error, content) => {
      resolve(error === null ? content : null);
    });
  });
}

/** Cuts ranges into what goes into each frame: as much as fits, a range that is too long over several. */
export function* framesOf(ranges: Iterable<Range>): Generator<Range[], void> {
  let frame: Range[] = [];
  let bytes = 0;
  for (const range of ranges) {
    for (let done = 0; done < range.length;) {
      const length = Math.min(range.length - done, FRAME_BYTES - bytes);
      frame.push({ offset: range.offset + done, length });
      done += length;
      bytes += length;
      if (bytes < FRAME_BYTES) continue;
      yield frame;
      frame = [];
      bytes = 0;
    }
  }
  if (frame.length > 0) yield frame;
}
