import { KIB, MIB } from '../../../shared/units.ts';
import { CHUNK, CHUNK_DONE, CHUNK_HEADER_BYTES, MAGIC, readOffset, SIMPLE_REPLY_BYTES } from './protocol.ts';
import type { WireInput } from './wire/wire.ts';

/** A request that waits for its reply, as far as the reader of replies has to know it. */
export interface Awaited {
  readonly offset: number;
  readonly length: number;
  /** Where the data of a read goes; null for other requests. */
  readonly target: Uint8Array | null;
}

export interface ReplyHandler {
  /** Something came. */
  progress(bytes: number): void;
  /** The request a reply is to; null when none waits under this name. */
  find(cookie: number): Awaited | null;
  /** `[start, end)` of a read's target came, or is known to be zero. @returns false when some of it came already */
  arrived(cookie: number, start: number, end: number): boolean;
  status(cookie: number, contextId: number, descriptors: Buffer): void;
  /** @param error 0 for success @param message what the server says for people */
  failed(cookie: number, error: number, message: Buffer): void;
  /** Nothing more comes for this request. */
  done(cookie: number): void;
  malformed(what: string): void;
  ended(): void;
}

const BUFFER_BYTES = 64 * KIB;
/** Longest answer that is put together here: a block status. */
const MAX_BODY_BYTES = MIB;

/** What the next bytes are. */
type Expecting =
  | { readonly kind: 'header' }
  /** Data of a read, straight into its target from `at` on. */
  | {
      readonly kind: 'data';
      readonly cookie: number;
      readonly target: Uint8Array;
      at: number;
      readonly end: number;
      readonly last: boolean;
    }
  /** The rest of a chunk, put together before it is looked at. */
  | { readonly kind: 'body'; readonly chunk: ChunkHeader; readonly bytes: Buffer; filled: number };

interface ChunkHeader {
  readonly cookie: number;
  readonly type: number;
  readonly last: boolean;
  readonly length: number;
}

const HEADER: Expecting = { kind: 'header' };

/**
 * Takes apart what a server answers. Data is put where its reader wants it: by the kernel, but for what came together
 * with a header. Believes nothing: what does not fit a request that waits ends the connection.
 */
export class ReplyReader implements WireInput {
  readonly #handler: ReplyHandler;
  readonly #structured: boolean;
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #start = 0;
  #end = 0;
  #expecting: Expecting = HEADER;
  #over = false;

  constructor(structured: boolean, handler: ReplyHandler) {
    this.#structured = structured;
    this.#handler = handler;
  }

  space(): Buffer {
    const expecting = this.#expecting;
    if (expecting.kind === 'data') return viewOf(expecting.target.subarray(expecting.at, expecting.end));
    if (expecting.kind === 'body') return expecting.bytes.subarray(expecting.filled);
    if (this.#start > 0) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    return this.#buffer.subarray(this.#end);
  }

  filled(count: number): boolean {
    if (this.#over) return false;
    this.#handler.progress(count);
    const expecting = this.#expecting;
    if (expecting.kind === 'data') this.#takeData(expecting, count);
    else if (expecting.kind === 'body') this.#takeBody(expecting, count);
    else {
      this.#end += count;
      this.#parse();
    }
    return !this.#over;
  }

  /** Takes in what came before the wire was started. */
  feed(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length && !this.#over;) {
      const space = this.space();
      const piece = bytes.subarray(done, done + space.length);
      space.set(piece);
      done += piece.length;
      this.filled(piece.length);
    }
  }

  ended(): void {
    if (this.#over) return;
    this.#over = true;
    this.#handler.ended();
  }

  /** Looks at nothing that comes from now on. */
  stop(): void {
    this.#over = true;
  }

  #parse(): void {
    while (!this.#over && this.#takeFromBuffer());
  }

  /** @returns false when more has to come first */
  #takeFromBuffer(): boolean {
    const available = this.#end - this.#start;
    const expecting = this.#expecting;
    if (expecting.kind === 'header') return this.#takeHeader(available);
    if (available === 0) return false;
    const space = this.space();
    const count = Math.min(space.length, available);
    space.set(this.#buffer.subarray(this.#start, this.#start + count));
    this.#start += count;
    if (expecting.kind === 'data') this.#takeData(expecting, count);
    else this.#takeBody(expecting, count);
    return true;
  }

  #takeHeader(available: number): boolean {
    if (available < SIMPLE_REPLY_BYTES) return false;
    const bytes = this.#buffer.subarray(this.#start, this.#end);
    const magic = bytes.readUInt32BE(0);
    if (magic === MAGIC.simpleReply) {
      this.#start += SIMPLE_REPLY_BYTES;
      this.#simple(bytes);
      return true;
    }
    if (magic !== MAGIC.structuredReply || !this.#structured) {
      this.#malformed('a reply without its magic number');
      return false;
    }
    if (available < CHUNK_HEADER_BYTES) return false;
    this.#start += CHUNK_HEADER_BYTES;
    this.#chunk({
      last: (bytes.readUInt16BE(4) & CHUNK_DONE) !== 0,
      type: bytes.readUInt16BE(6),
      cookie: readOffset(bytes, 8),
      length: bytes.readUInt32BE(16),
    });
    return true;
  }

  #simple(bytes: Buffer): void {
    const cookie = readOffset(bytes, 8);
    const error = bytes.readUInt32BE(4);
    const awaited = this.#handler.find(cookie);
    if (awaited === null) return this.#malformed('a reply to nothing that was asked');
    const { target } = awaited;
    if (error !== 0) this.#handler.failed(cookie, error, Buffer.alloc(0));
    else if (target !== null && this.#structured) {
      return this.#malformed('a read answered by a simple reply, though structured ones were agreed on');
    } else if (target !== null && target.length > 0) {
      if (!this.#handler.arrived(cookie, 0, target.length)) return this.#malformed('data that came already');
      this.#expecting = { kind: 'data', cookie, target, at: 0, end: target.length, last: true };
      return;
    }
    this.#handler.done(cookie);
  }

  #chunk(chunk: ChunkHeader): void {
    if (this.#handler.find(chunk.cookie) === null)
      return this.#malformed('a reply to nothing that was asked');
    if (chunk.type === CHUNK.none) {
      if (chunk.length !== 0 || !chunk.last) return this.#malformed('an empty chunk that is not the last');
      return this.#handler.done(chunk.cookie);
    }
    // Of data only the offset is put together: the rest goes where it is wanted.
    const bodyBytes = chunk.type === CHUNK.offsetData ? 8 : chunk.length;
    const least = chunk.type === CHUNK.offsetData ? 9 : 1;
    if (chunk.length < least || bodyBytes > MAX_BODY_BYTES) {
      return this.#malformed(`a chunk of type ${chunk.type} with ${chunk.length} bytes`);
    }
    this.#expecting = { kind: 'body', chunk, bytes: Buffer.allocUnsafe(bodyBytes), filled: 0 };
  }

  #takeData(data: Extract<Expecting, { kind: 'data' }>, count: number): void {
    data.at += count;
    if (data.at < data.end) return;
    this.#expecting = HEADER;
    if (data.last) this.#handler.done(data.cookie);
  }

  #takeBody(body: Extract<Expecting, { kind: 'body' }>, count: number): void {
    body.filled += count;
    if (body.filled < body.bytes.length) return;
    this.#expecting = HEADER;
    const { chunk, bytes } = body;
    if (chunk.type === CHUNK.offsetData) return this.#expectData(chunk, bytes);
    if (chunk.type === CHUNK.offsetHole) this.#hole(chunk, bytes);
    else if (chunk.type === CHUNK.blockStatus) this.#blockStatus(chunk, bytes);
    else if (chunk.type >= CHUNK.error - 1) this.#error(chunk, bytes);
    else this.#malformed(`a chunk of unknown type ${chunk.type}`);
    if (chunk.last && !this.#over) this.#handler.done(chunk.cookie);
  }

  #expectData({ cookie, last, length }: ChunkHeader, bytes: Buffer): void {
    const part = this.#partOf(cookie, readOffset(bytes, 0), length - 8);
    if (part === null) return;
    this.#expecting = { kind: 'data', cookie, last, target: part, at: 0, end: part.length };
  }

  #hole({ cookie }: ChunkHeader, bytes: Buffer): void {
    if (bytes.length !== 12) return this.#malformed(`a hole described in ${bytes.length} bytes`);
    this.#partOf(cookie, readOffset(bytes, 0), bytes.readUInt32BE(8))?.fill(0);
  }

  /** The part of a read's target that a chunk is about, and notes that it comes; null when it is not of that read. */
  #partOf(cookie: number, offset: number, length: number): Uint8Array | null {
    const awaited = this.#handler.find(cookie);
    const start = offset - (awaited?.offset ?? 0);
    const target = awaited?.target ?? null;
    if (target === null || !(start >= 0) || length === 0 || start + length > target.length) {
      this.#malformed('data that was not asked for');
      return null;
    }
    if (this.#handler.arrived(cookie, start, start + length)) return target.subarray(start, start + length);
    this.#malformed('data that came already');
    return null;
  }

  #blockStatus({ cookie }: ChunkHeader, bytes: Buffer): void {
    if (bytes.length < 12 || (bytes.length - 4) % 8 !== 0) {
      return this.#malformed(`a block status of ${bytes.length} bytes`);
    }
    this.#handler.status(cookie, bytes.readUInt32BE(0), bytes.subarray(4));
  }

  #error({ cookie }: ChunkHeader, bytes: Buffer): void {
    if (bytes.length < 6) return this.#malformed(`an error described in ${bytes.length} bytes`);
    const length = bytes.readUInt16BE(4);
    const error = bytes.readUInt32BE(0);
    if (error === 0 || 6 + length > bytes.length) return this.#malformed('an error that is none');
    this.#handler.failed(cookie, error, bytes.subarray(6, 6 + length));
  }

  #malformed(what: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#handler.malformed(what);
  }
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
