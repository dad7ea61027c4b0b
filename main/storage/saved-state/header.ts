import { err, ok, type Result } from '../../../shared/result.ts';
import { sha256 } from '../../block/manifest/digest.ts';
import { MIB } from '../../../shared/units.ts';
import type { ContentStamp } from '../../qed/content-stamp.ts';
import { HEADER_BYTES, stateFileBytes } from './pieces.ts';

/**
 * The first bytes of a saved state, little-endian. The state follows, compressed with Brotli, and then the hashes of the
 * pieces of what is stored, so that a state from far away is verified as it comes (`pieces.ts`).
 *
 * ```
 *     0  magic            "HDWSTATE"
 *     8  u32 version      2
 *    12  u32 compression  1: Brotli
 *    16  u64 stateBytes   uncompressed
 *    24  u64 storedBytes  in the file
 *    32  sha256           of the hashes behind it
 *    64  u64 diskBytes    size of the machine's disk
 *    72  16 bytes         content stamp of the disk
 *    88  f64 savedAtMs    milliseconds since 1970
 *    96  u32 memoryMiB    the guest's memory
 *   100  u32 length of the emulator's name
 *   104  88 bytes         the emulator's name, UTF-8, filled up with zeroes
 *   192  32 zeroes
 *   224  sha256           of the 224 bytes before
 * ```
 *
 * The header is written last: what a crash leaves of a state has zeroes in its place.
 */
export interface StateHeader extends StateFacts {
  /** Size of the state, and of what is stored of it, in bytes. */
  readonly stateBytes: number;
  readonly storedBytes: number;
  /** SHA-256 of the hashes of its pieces. */
  readonly digest: Uint8Array;
}

/** What a state must fit to. */
export interface StateFacts {
  /** Name and version of what can read the state. */
  readonly emulator: string;
  readonly memoryMiB: number;
  readonly diskBytes: number;
  /** What the disk held when the state was saved. */
  readonly contentStamp: ContentStamp;
  /** Milliseconds since 1970. */
  readonly savedAtMs: number;
}

export const FORMAT_VERSION = 2;

const MAGIC = Buffer.from('HDWSTATE', 'latin1');
const BROTLI = 1;
const NAME_AT = 104;
const MAX_NAME_BYTES = 88;
const DIGEST_AT = 224;
/** What devices may add to the guest's memory: the picture's 8 MiB and much less for all others. */
const DEVICES_BYTES = 64 * MIB;
const MAX_MEMORY_MIB = 1024 * 1024;

export function encodeStateHeader(header: StateHeader): Uint8Array {
  const bytes = Buffer.alloc(HEADER_BYTES);
  const name = Buffer.from(header.emulator, 'utf8');
  if (name.length > MAX_NAME_BYTES) throw new Error(`the name '${header.emulator}' is too long`);
  MAGIC.copy(bytes, 0);
  bytes.writeUInt32LE(FORMAT_VERSION, 8);
  bytes.writeUInt32LE(BROTLI, 12);
  bytes.writeBigUInt64LE(BigInt(header.stateBytes), 16);
  bytes.writeBigUInt64LE(BigInt(header.storedBytes), 24);
  bytes.set(header.digest, 32);
  bytes.writeBigUInt64LE(BigInt(header.diskBytes), 64);
  bytes.write(header.contentStamp, 72, 'hex');
  bytes.writeDoubleLE(header.savedAtMs, 88);
  bytes.writeUInt32LE(header.memoryMiB, 96);
  bytes.writeUInt32LE(name.length, 100);
  name.copy(bytes, NAME_AT);
  sha256(bytes.subarray(0, DIGEST_AT)).copy(bytes, DIGEST_AT);
  return bytes;
}

/**
 * Checks a header and everything it promises: whoever reads on needs no more memory than the guest had, and some.
 * Fails with `malformed`, or `unsupported` for a version to come; the message is what is wrong with the state.
 * @param fileBytes length of the whole file
 */
export function parseStateHeader(bytes: Uint8Array, fileBytes: number): Result<StateHeader> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < HEADER_BYTES) return damaged('it is too short');
  if (view.subarray(0, HEADER_BYTES).every((byte) => byte === 0)) return damaged('it was never finished');
  if (!view.subarray(0, MAGIC.length).equals(MAGIC)) return damaged('it is not a saved state');
  const version = view.readUInt32LE(8);
  if (version !== FORMAT_VERSION) {
    return err('unsupported', `its format is version ${version}, this Headwater knows ${FORMAT_VERSION}`);
  }
  if (!sha256(view.subarray(0, DIGEST_AT)).equals(view.subarray(DIGEST_AT, HEADER_BYTES))) {
    return damaged('its header does not have the checksum it should');
  }
  const compression = view.readUInt32LE(12);
  if (compression !== BROTLI) return damaged(`compression is ${compression}`);
  const header: StateHeader = {
    stateBytes: Number(view.readBigUInt64LE(16)),
    storedBytes: Number(view.readBigUInt64LE(24)),
    digest: Uint8Array.from(view.subarray(32, 64)),
    diskBytes: Number(view.readBigUInt64LE(64)),
    contentStamp: view.toString('hex', 72, 88),
    savedAtMs: view.readDoubleLE(88),
    memoryMiB: view.readUInt32LE(96),
    emulator: view.toString('utf8', NAME_AT, NAME_AT + Math.min(view.readUInt32LE(100), MAX_NAME_BYTES)),
  };
  const problem = problemOf(header, fileBytes);
  return problem === null ? ok(header) : damaged(problem);
}

function problemOf(header: StateHeader, fileBytes: number): string | null {
  const { stateBytes, storedBytes, memoryMiB, diskBytes, savedAtMs } = header;
  if (memoryMiB < 1 || memoryMiB > MAX_MEMORY_MIB) return `memoryMiB is ${memoryMiB}`;
  if (stateBytes < 1 || stateBytes > memoryMiB * MIB + DEVICES_BYTES) {
    return `stateBytes is ${stateBytes}, with ${memoryMiB} MiB of memory`;
  }
  const wholeBytes = stateFileBytes(storedBytes);
  if (wholeBytes !== fileBytes) return `it has ${fileBytes} bytes instead of ${wholeBytes}`;
  if (!Number.isSafeInteger(diskBytes)) return `diskBytes is ${diskBytes}`;
  if (!Number.isFinite(savedAtMs)) return `savedAtMs is ${savedAtMs}`;
  return null;
}

function damaged(how: string) {
  return err('malformed', `it is damaged: ${how}`);
}
