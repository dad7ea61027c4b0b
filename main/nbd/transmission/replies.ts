import {
  CHUNK,
  CHUNK_DONE,
  CHUNK_HEADER_BYTES,
  MAGIC,
  SIMPLE_REPLY_BYTES,
  writeOffset,
} from '../../block/nbd/protocol.ts';
import type { Refusal } from './refusal.ts';
import type { Draft, ReplyStream } from './reply-stream.ts';
import type { NbdRequest } from './request.ts';

/** Longest explanation that goes with an error, in bytes. */
const MAX_MESSAGE_BYTES = 400;
const OFFSET_BYTES = 8;

/** Data of a read on its way: what the disk is to fill, with room for the header in front. */
export interface DataDraft {
  readonly draft: Draft;
  readonly data: Buffer;
}

/** One stretch of a block status: how long and in what state. */
export interface Descriptor {
  readonly length: number;
  readonly flags: number;
}

/** Words answers in the protocol's form: in structured chunks where that was agreed on, and where it is worth it. */
export class Replies {
  readonly structured: boolean;
  readonly #stream: ReplyStream;

  constructor(stream: ReplyStream, structured: boolean) {
    this.#stream = stream;
    this.structured = structured;
  }

  done(request: NbdRequest): void {
    this.#simple(request, 0);
  }

  refuse(request: NbdRequest, { error, message }: Refusal): void {
    if (!this.structured) return this.#simple(request, error);
    const text = shortened(message);
    const draft = this.#chunk(request, CHUNK.error, CHUNK_DONE, 6 + text.length);
    draft.bytes.writeUInt32BE(error, CHUNK_HEADER_BYTES);
    draft.bytes.writeUInt16BE(text.length, CHUNK_HEADER_BYTES + 4);
    text.copy(draft.bytes, CHUNK_HEADER_BYTES + 6);
    this.#stream.send(draft);
  }

  /** The end of a reply of several chunks, and the reply to a read of nothing. */
  noMore(request: NbdRequest): void {
    if (!this.structured) return this.#simple(request, 0);
    this.#stream.send(this.#chunk(request, CHUNK.none, CHUNK_DONE, 0));
  }

  /** Memory for `length` bytes of a read. */
  draftData(length: number): DataDraft {
    const header = this.structured ? CHUNK_HEADER_BYTES + OFFSET_BYTES : SIMPLE_REPLY_BYTES;
    const draft = this.#stream.draft(header + length);
    return { draft, data: draft.bytes.subarray(header) };
  }

  /** Sends what was drafted as the bytes from `offset` on. @param last ends the reply */
  sendData(request: NbdRequest, { draft, data }: DataDraft, offset: number, last: boolean): void {
    if (this.structured) {
      const flags = last ? CHUNK_DONE : 0;
      writeChunkHeader(draft.bytes, request, CHUNK.offsetData, flags, OFFSET_BYTES + data.length);
      writeOffset(draft.bytes, offset, CHUNK_HEADER_BYTES);
    } else {
      writeSimpleHeader(draft.bytes, request, 0);
    }
    this.#stream.send(draft);
  }

  dropData({ draft }: DataDraft): void {
    this.#stream.drop(draft);
  }

  /** Zeroes that are told instead of sent. Only in structured replies. */
  sendHole(request: NbdRequest, offset: number, length: number, last: boolean): void {
    const draft = this.#chunk(request, CHUNK.offsetHole, last ? CHUNK_DONE : 0, OFFSET_BYTES + 4);
    writeOffset(draft.bytes, offset, CHUNK_HEADER_BYTES);
    draft.bytes.writeUInt32BE(length, CHUNK_HEADER_BYTES + OFFSET_BYTES);
    this.#stream.send(draft);
  }

  /** @param contextId as it was given out while negotiating */
  sendStatus(
    request: NbdRequest,
    contextId: number,
    descriptors: readonly Descriptor[],
    last: boolean,
  ): void {
    const length = 4 + 8 * descriptors.length;
    const draft = this.#chunk(request, CHUNK.blockStatus, last ? CHUNK_DONE : 0, length);
    draft.bytes.writeUInt32BE(contextId, CHUNK_HEADER_BYTES);
    let at = CHUNK_HEADER_BYTES + 4;
    for (const descriptor of descriptors) {
      draft.bytes.writeUInt32BE(descriptor.length, at);
      draft.bytes.writeUInt32BE(descriptor.flags, at + 4);
      at += 8;
    }
    this.#stream.send(draft);
  }

  #simple(request: NbdRequest, error: number): void {
    const draft = this.#stream.draft(SIMPLE_REPLY_BYTES);
    writeSimpleHeader(draft.bytes, request, error);
    this.#stream.send(draft);
  }

  #chunk(request: NbdRequest, type: number, flags: number, length: number): Draft {
    const draft = this.#stream.draft(CHUNK_HEADER_BYTES + length);
    writeChunkHeader(draft.bytes, request, type, flags, length);
    return draft;
  }
}

function writeSimpleHeader(bytes: Buffer, request: NbdRequest, error: number): void {
  bytes.writeUInt32BE(MAGIC.simpleReply, 0);
  bytes.writeUInt32BE(error, 4);
  bytes.writeUInt32BE(request.cookieHigh, 8);
  bytes.writeUInt32BE(request.cookieLow, 12);
}

function writeChunkHeader(
  bytes: Buffer,
  request: NbdRequest,
  type: number,
  flags: number,
  length: number,
): void {
  bytes.writeUInt32BE(MAGIC.structuredReply, 0);
  bytes.writeUInt16BE(flags, 4);
  bytes.writeUInt16BE(type, 6);
  bytes.writeUInt32BE(request.cookieHigh, 8);
  bytes.writeUInt32BE(request.cookieLow, 12);
  bytes.writeUInt32BE(length, 16);
}

/** Cut between characters. */
function shortened(message: string): Buffer {
  const text = Buffer.from(message);
  if (text.length <= MAX_MESSAGE_BYTES) return text;
  const { written } = new TextEncoder().encodeInto(message, text.subarray(0, MAX_MESSAGE_BYTES));
  return text.subarray(0, written);
}
