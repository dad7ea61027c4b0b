/**
 * The numbers of the NBD protocol, for both ends of it: the client beside this file and the server in `main/nbd`.
 * Source: the protocol's description, `doc/proto.md` of the Network Block Device project; names as there, without
 * their prefix. All integers on the wire are big-endian.
 */
import { MIB } from '../../../shared/units.ts';

/** What the reference server listens on (IANA). */
export const DEFAULT_PORT = 10_809;

export const MAGIC = {
  /** "NBDMAGIC", the first thing a server says. */
  server: 0x4e42444d41474943n,
  /** "IHAVEOPT": in the greeting, and in front of each option. */
  option: 0x49484156454f5054n,
  optionReply: 0x3e889045565a9n,
  /** Where newer servers say {@link MAGIC.option}, those of before 2012 say this. */
  oldstyle: 0x420281861253n,
  request: 0x25609513,
  simpleReply: 0x67446698,
  structuredReply: 0x668e33ef,
} as const;

/** Handshake flags; the client's answer uses the same bits. */
export const HANDSHAKE = { fixedNewstyle: 1 << 0, noZeroes: 1 << 1 } as const;

export const OPTION = {
  exportName: 1,
  abort: 2,
  list: 3,
  startTls: 5,
  info: 6,
  go: 7,
  structuredReply: 8,
  listMetaContext: 9,
  setMetaContext: 10,
} as const;

export const REPLY = {
  ack: 1,
  server: 2,
  info: 3,
  metaContext: 4,
  errUnsupported: 0x80000001,
  errPolicy: 0x80000002,
  errInvalid: 0x80000003,
  errPlatform: 0x80000004,
  errTlsRequired: 0x80000005,
  errUnknown: 0x80000006,
  errShutdown: 0x80000007,
  errBlockSizeRequired: 0x80000008,
  errTooBig: 0x80000009,
} as const;

export const INFO = { export: 0, name: 1, description: 2, blockSize: 3 } as const;

/** Transmission flags: what an export can do. */
export const FLAG = {
  hasFlags: 1 << 0,
  readOnly: 1 << 1,
  sendFlush: 1 << 2,
  sendFua: 1 << 3,
  rotational: 1 << 4,
  sendTrim: 1 << 5,
  sendWriteZeroes: 1 << 6,
  sendDf: 1 << 7,
  canMultiConn: 1 << 8,
  sendCache: 1 << 10,
  sendFastZero: 1 << 11,
} as const;

export const COMMAND = {
  read: 0,
  write: 1,
  disconnect: 2,
  flush: 3,
  trim: 4,
  cache: 5,
  writeZeroes: 6,
  blockStatus: 7,
} as const;

export const COMMAND_FLAG = {
  fua: 1 << 0,
  noHole: 1 << 1,
  /** Do not fragment. */
  df: 1 << 2,
  requestOne: 1 << 3,
  fastZero: 1 << 4,
} as const;

export const CHUNK = {
  none: 0,
  offsetData: 1,
  offsetHole: 2,
  blockStatus: 5,
  error: 0x8001,
  errorOffset: 0x8002,
} as const;

/** Flag of the last chunk of a structured reply. */
export const CHUNK_DONE = 1 << 0;

/** Error values: Linux' numbers, whatever the machine. */
export const ERROR = {
  none: 0,
  perm: 1,
  io: 5,
  nomem: 12,
  inval: 22,
  nospc: 28,
  overflow: 75,
  notsup: 95,
  shutdown: 108,
} as const;

/** Metadata contexts: what a server can tell of ranges without reading them. */
export const CONTEXT = {
  allocation: 'base:allocation',
  /** QEMU's (docs/interop/nbd): in which layer, counted from 1 at the top, a range is stored; 0 in none. */
  depth: 'qemu:allocation-depth',
  /** Ours: whether a range is stored in the image itself, see {@link SOURCE_STATE}. */
  source: 'headwater:source',
} as const;

/** Flags of `base:allocation`. */
export const ALLOCATION_STATE = { hole: 1 << 0, zero: 1 << 1 } as const;

/** Flags of `headwater:source`; 0 means stored in the image itself, or known to be zero. */
export const SOURCE_STATE = {
  /** Not in the image: it is read from what lies behind it. */
  missing: 1 << 0,
  /** What lies behind is across a network. */
  remote: 1 << 1,
} as const;

export const REQUEST_BYTES = 28;
export const SIMPLE_REPLY_BYTES = 16;
export const CHUNK_HEADER_BYTES = 20;
export const OPTION_HEADER_BYTES = 16;
export const OPTION_REPLY_HEADER_BYTES = 20;

/** Longest string the protocol allows, in bytes. */
export const MAX_STRING_BYTES = 4096;

/** Requests with data up to this size are served by every server that says nothing else. */
export const PORTABLE_MAX_BYTES = 32 * MIB;

/** A 64-bit number as a number; what is beyond 2^53 becomes infinite, which is outside any device. */
export function readOffset(bytes: Buffer, at: number): number {
  const high = bytes.readUInt32BE(at);
  return high < 0x20_0000 ? high * 0x1_0000_0000 + bytes.readUInt32BE(at + 4) : Infinity;
}

/** @param offset a safe integer, in bytes */
export function writeOffset(bytes: Buffer, offset: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(offset / 0x1_0000_0000), at);
  bytes.writeUInt32BE(offset % 0x1_0000_0000, at + 4);
}
