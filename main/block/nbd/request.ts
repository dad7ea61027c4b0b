import type { Err } from '../../../shared/result.ts';
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
