import type { Result } from '../../../../shared/result.ts';
import type { IoDisk } from './disk/io-disk.ts';
import { DEFAULT_PATTERN } from './limits.ts';

/** Reads a range into memory of its own. Takes the memory only when the range is on the disk. */
export async function readRange(disk: IoDisk, offset: number, length: number): Promise<Result<Uint8Array>> {
  const range = disk.checkRange(offset, length);
  if (!range.ok) return range;
  const bytes = new Uint8Array(length);
  const read = await disk.read(offset, bytes);
  return read.ok ? { ok: true, value: bytes } : read;
}

/** Fills a range with one byte, or with repetitions of `content`. */
export async function fillRange(
  disk: IoDisk,
  offset: number,
  length: number,
  content: number | Uint8Array = DEFAULT_PATTERN,
  durable = false,
): Promise<Result<void>> {
  const range = disk.checkRange(offset, length);
  return range.ok ? disk.write(offset, Buffer.alloc(length, content), durable) : range;
}
