import { MAGIC, readOffset } from '../../block/nbd/protocol.ts';

/** What a client asks for. */
export interface NbdRequest {
  readonly command: number;
  readonly flags: number;
  /** By which the client knows the reply again. */
  readonly cookieHigh: number;
  readonly cookieLow: number;
  /** In bytes; infinite where it is beyond 2^53. */
  readonly offset: number;
  readonly length: number;
}

/** Takes the request apart that begins at `at`, with all its 28 bytes there; null when it is none. */
export function readRequest(bytes: Buffer, at: number): NbdRequest | null {
  if (bytes.readUInt32BE(at) !== MAGIC.request) return null;
  return {
    flags: bytes.readUInt16BE(at + 4),
    command: bytes.readUInt16BE(at + 6),
    cookieHigh: bytes.readUInt32BE(at + 8),
    cookieLow: bytes.readUInt32BE(at + 12),
    offset: readOffset(bytes, at + 16),
    length: bytes.readUInt32BE(at + 24),
  };
}
