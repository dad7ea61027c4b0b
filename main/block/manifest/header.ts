import { CHUNK_BYTES } from '../../../shared/master-files.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
import { FAN_OUT, HEADER_BYTES, type ManifestLayout } from './layout.ts';

const MAGIC = Buffer.from('HWchunks', 'latin1');
const VERSION = 1;

/**
 * The first 64 bytes of `chunks.bin`: magic, u32 version, u32 chunk size, u64 disk length, u32 fan-out, u32 number of
 * levels, SHA-256 of the disk. Little-endian.
 */
export function encodeHeader(layout: ManifestLayout, diskSha256: string): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header, 0);
  header.writeUInt32LE(VERSION, 8);
  header.writeUInt32LE(CHUNK_BYTES, 12);
  header.writeBigUInt64LE(BigInt(layout.diskBytes), 16);
  header.writeUInt32LE(FAN_OUT, 24);
  header.writeUInt32LE(layout.levels.length, 28);
  header.write(diskSha256, 32, 'hex');
  return header;
}

/** Whether `head` begins as the manifest of this disk must; `malformed`, naming the field, where it does not. */
export function checkHeader(head: Buffer, layout: ManifestLayout, diskSha256: string): Result<void> {
  const bad = (field: string) => err('malformed', `field ${field} of the chunk manifest is wrong`);
  const wanted = encodeHeader(layout, diskSha256);
  const fields = [
    ['magic', 0, 8],
    ['version', 8, 12],
    ['chunk size', 12, 16],
    ['disk length', 16, 24],
    ['fan-out', 24, 28],
    ['number of levels', 28, 32],
    ['disk hash', 32, 64],
  ] as const;
  for (const [field, from, to] of fields) {
    if (head.compare(wanted, from, to, from, to) !== 0) return bad(field);
  }
  return ok(undefined);
}
