import type { Err } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import { COMMAND, MAGIC, REQUEST_BYTES, writeOffset } from './protocol.ts';

/** What a client asks a server for. */
export interface Request {
  readonly command: number;
  readonly flags: number;
  readonly offset: number;
  readonly length: number;
  /** Filled by a read. */
  readonly target?: Uint8Array | undefined;
  /** Sent with a write; unchanged until the answer. */
  readonly data?: Uint8Array | undefined;
}

export type Outcome =
  /** `status`: the descriptors of `base:allocation` that answer a block status. */
  | { readonly kind: 'done'; readonly status: Buffer | null }
  | { readonly kind: 'failed'; readonly failure: Err }
  /** The connection ended before the answer: the request deserves another one. */
  | { readonly kind: 'lost'; readonly failure: Err };

const NAMES: Readonly<Record<number, string>> = {
  [COMMAND.read]: 'read',
  [COMMAND.write]: 'write',
  [COMMAND.flush]: 'flush',
  [COMMAND.trim]: 'trim',
  [COMMAND.writeZeroes]: 'write of zeroes',
  [COMMAND.blockStatus]: 'block status',
};

/** How messages call a request. */
export function describe({ command, offset, length }: Request): string {
  return `${NAMES[command] ?? 'request'} of ${length} bytes at ${offset}`;
}

/** How much a request moves. */
export function movedBytes({ target, data }: Request): number {
  return REQUEST_BYTES + (target?.length ?? data?.length ?? 0);
}

/** How slowly a line takes what is written without being dead, in bytes per second: a modem's. */
const LEAST_UPLOAD_BYTES_PER_SECOND = 4 * KIB;
/** How slowly a server fills a range with zeroes, or lets go of it. */
const LEAST_ZEROED_BYTES_PER_SECOND = 16 * MIB;
/** A server may have gigabytes in memory to store before it says that it has. */
const FLUSH_MS = 600_000;

/** How long a server may be silent about a request for good reasons, in milliseconds, beyond what any answer takes. */
export function workMs({ command, length }: Request): number {
  switch (command) {
    case COMMAND.write:
      return (length / LEAST_UPLOAD_BYTES_PER_SECOND) * 1000;
    case COMMAND.writeZeroes:
    case COMMAND.trim:
      return (length / LEAST_ZEROED_BYTES_PER_SECOND) * 1000;
    case COMMAND.flush:
      return FLUSH_MS;
    default:
      return 0;
  }
}

/** @param cookie a safe integer, by which the reply is known */
export function requestHeader({ command, flags, offset, length }: Request, cookie: number): Buffer {
  const header = Buffer.allocUnsafe(REQUEST_BYTES);
  header.writeUInt32BE(MAGIC.request, 0);
  header.writeUInt16BE(flags, 4);
  header.writeUInt16BE(command, 6);
  writeOffset(header, cookie, 8);
  writeOffset(header, offset, 16);
  header.writeUInt32BE(length, 24);
  return header;
}
