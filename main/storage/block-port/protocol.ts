/**
 * The disk protocol between threads: what crosses a `MessagePort` so that a disk opened in one thread can be used from
 * another.
 *
 * ```
 *   client                                server
 *     │ ◀────────── BlockHello ───────────── │   once, as soon as the server listens
 *     │ ─────── [request, request …] ──────▶ │   any number in flight
 *     │ ◀──────── [reply, reply …] ───────── │   in any order, matched by id
 *     │ ─────────── close request ─────────▶ │   last request; the reply says whether the flush worked
 * ```
 *
 * Messages of one turn of the event loop travel together in one array. Large payloads are transferred, small ones
 * copied: below {@link TRANSFER_FROM_BYTES} detaching a buffer costs more than copying it (measured: 20 µs).
 * Both ends check what they receive once, here; a message that breaks the protocol ends the connection.
 */
import { FAILURE_CODES, type Failure, type FailureCode } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import type { Extent, ExtentKind } from '../../block/device.ts';

/** From this size on a payload is transferred instead of copied, in bytes. */
export const TRANSFER_FROM_BYTES = 32 * KIB;

/** Largest payload of one message, in bytes; the client splits what is longer. Bounds the server's memory. */
export const MAX_PAYLOAD_BYTES = 4 * MIB;

/** What the server says first: the constant properties of the device. */
export interface BlockHello {
  readonly protocol: 'headwater-block-1';
  readonly name: string;
  readonly lengthBytes: number;
  readonly readOnly: boolean;
  readonly remote: boolean;
}

export type RangeOperation = 'read' | 'write-zeroes' | 'discard' | 'extent-at';

/** What a client can ask for, before it has an id. */
export type BlockOperation =
  | { readonly op: RangeOperation; readonly offset: number; readonly length: number }
  | { readonly op: 'write'; readonly offset: number; readonly data: Uint8Array }
  | { readonly op: 'flush' }
  | { readonly op: 'close' };

export type BlockRequest = BlockOperation & { readonly id: number };

/** What a successful request brings back: `data` for reads, `extent` for `extent-at`. */
export interface BlockAnswer {
  readonly data?: Uint8Array | undefined;
  readonly extent?: Extent | undefined;
}

export type BlockReply =
  | ({ readonly id: number; readonly ok: true } & BlockAnswer)
  | { readonly id: number; readonly ok: false; readonly failure: Failure };

export function isHello(value: unknown): value is BlockHello {
  return (
    isRecord(value) &&
    value['protocol'] === 'headwater-block-1' &&
    typeof value['name'] === 'string' &&
    isWhole(value['lengthBytes']) &&
    typeof value['readOnly'] === 'boolean' &&
    typeof value['remote'] === 'boolean'
  );
}

export function isRequestBatch(value: unknown): value is readonly BlockRequest[] {
  return Array.isArray(value) && value.every(isRequest);
}

export function isReplyBatch(value: unknown): value is readonly BlockReply[] {
  return Array.isArray(value) && value.every(isReply);
}

function isRequest(value: unknown): boolean {
  if (!isRecord(value) || !isWhole(value['id'])) return false;
  switch (value['op']) {
    case 'flush':
    case 'close':
      return true;
    case 'write':
      return isWhole(value['offset']) && isPayload(value['data']);
    case 'read':
      return isWhole(value['offset']) && isWhole(value['length']) && value['length'] <= MAX_PAYLOAD_BYTES;
    case 'write-zeroes':
    case 'discard':
    case 'extent-at':
      return isWhole(value['offset']) && isWhole(value['length']);
    default:
      return false;
  }
}

function isReply(value: unknown): boolean {
  if (!isRecord(value) || !isWhole(value['id'])) return false;
  if (value['ok'] === false) return isFailure(value['failure']);
  return (
    value['ok'] === true &&
    (value['data'] === undefined || isPayload(value['data'])) &&
    (value['extent'] === undefined || isExtent(value['extent']))
  );
}

function isFailure(value: unknown): boolean {
  return (
    isRecord(value) &&
    FAILURE_CODES.includes(value['code'] as FailureCode) &&
    typeof value['message'] === 'string'
  );
}

const EXTENT_KINDS: readonly ExtentKind[] = ['data', 'zero', 'unallocated'];

function isExtent(value: unknown): boolean {
  return (
    isRecord(value) &&
    EXTENT_KINDS.includes(value['kind'] as ExtentKind) &&
    isWhole(value['offset']) &&
    isWhole(value['length']) &&
    (value['fileOffset'] === undefined || isWhole(value['fileOffset']))
  );
}

function isPayload(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length <= MAX_PAYLOAD_BYTES;
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
