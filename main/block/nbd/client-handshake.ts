import { err, ok, type Err, type Result } from '../../../shared/result.ts';
import type { HandshakeStream } from './handshake-stream.ts';
import {
  CONTEXT,
  FLAG,
  HANDSHAKE,
  INFO,
  MAGIC,
  OPTION,
  OPTION_REPLY_HEADER_BYTES,
  PORTABLE_MAX_BYTES,
  readOffset,
  REPLY,
} from './protocol.ts';
import { uint16, uint32 } from './wire/encode.ts';

/** What a server has agreed to. */
export interface Agreed {
  readonly lengthBytes: number;
  /** Transmission flags, see `FLAG`. */
  readonly flags: number;
  readonly structured: boolean;
  /** By which answers about `base:allocation` are known; null where the server has none. */
  readonly allocationId: number | null;
  /** Requests begin and end at multiples of `minimumBytes`, and carry `maximumBytes` at most. */
  readonly minimumBytes: number;
  readonly maximumBytes: number;
}

export interface HandshakeParts {
  readonly exportName: string;
  /** Goes on over TLS; null to go without. */
  readonly startTls: ((plain: HandshakeStream) => Promise<Result<HandshakeStream>>) | null;
}

interface OptionReply {
  readonly type: number;
  readonly data: Buffer;
}

/** Longer replies to options make no sense: an export's name and description have 4 KiB each. */
const MAX_REPLY_BYTES = 64 * 1024;
/** A server may describe an export in so many pieces. */
const MOST_REPLIES = 256;
const GREETING_BYTES = 18;
/** Alignment that suits every server, where one says nothing of it. */
const PORTABLE_MINIMUM_BYTES = 512;
const LARGEST_MINIMUM_BYTES = 64 * 1024;

/** Negotiates with a server as its client, in the fixed newstyle way. */
export class ClientHandshake {
  readonly #parts: HandshakeParts;
  #stream: HandshakeStream;
  #structured = false;
  #allocationId: number | null = null;
  #withoutZeroes = false;

  constructor(stream: HandshakeStream, parts: HandshakeParts) {
    this.#stream = stream;
    this.#parts = parts;
  }

  /** The stream after the handshake: another one where TLS was begun. */
  get stream(): HandshakeStream {
    return this.#stream;
  }

  async run(): Promise<Result<Agreed>> {
    const greeted = await this.#greet();
    if (!greeted.ok) return greeted;
    const secured = this.#parts.startTls === null ? greeted : await this.#secure(this.#parts.startTls);
    if (!secured.ok) return secured;
    const structured = await this.#option(OPTION.structuredReply);
    if (!structured.ok) return structured;
    this.#structured = isAcknowledged(structured.value);
    if (this.#structured) {
      const selected = await this.#selectAllocation();
      if (!selected.ok) return selected;
    }
    const gone = await this.#option(OPTION.go, this.#goData());
    if (!gone.ok) return gone;
    if (gone.value.at(-1)?.type === REPLY.errUnsupported) return this.#goTheOldWay();
    return isAcknowledged(gone.value) ? this.#agreed(gone.value) : this.#refused(gone.value);
  }

  async #greet(): Promise<Result<void>> {
    const greeting = await this.#stream.take(GREETING_BYTES);
    if (greeting === null) return closedEarly();
    if (greeting.readBigUInt64BE(0) !== MAGIC.server) return err('malformed', 'this is no NBD server');
    if (greeting.readBigUInt64BE(8) !== MAGIC.option) {
      return err('unsupported', 'the server speaks the NBD protocol of before 2012');
    }
    const flags = greeting.readUInt16BE(16);
    if ((flags & HANDSHAKE.fixedNewstyle) === 0) {
      return err('unsupported', 'the server cannot be asked for anything (no fixed newstyle negotiation)');
    }
    this.#withoutZeroes = (flags & HANDSHAKE.noZeroes) !== 0;
    await this.#stream.send(uint32(flags & (HANDSHAKE.fixedNewstyle | HANDSHAKE.noZeroes)));
    return ok(undefined);
  }

  async #secure(startTls: NonNullable<HandshakeParts['startTls']>): Promise<Result<void>> {
    const answered = await this.#option(OPTION.startTls);
    if (!answered.ok) return answered;
    if (!isAcknowledged(answered.value)) return err('source-refused', 'the server does not offer TLS');
    if (this.#stream.hasMore) return err('malformed', 'the server said something between plain and secure');
    const secured = await startTls(this.#stream);
    if (!secured.ok) return secured;
    this.#stream = secured.value;
    return ok(undefined);
  }

  async #selectAllocation(): Promise<Result<void>> {
    const data = Buffer.concat([text(this.#parts.exportName), uint32(1), text(CONTEXT.allocation)]);
    const answered = await this.#option(OPTION.setMetaContext, data);
    if (!answered.ok) return answered;
    for (const { type, data: context } of answered.value) {
      if (type !== REPLY.metaContext || context.length < 4) continue;
      if (context.subarray(4).toString() === CONTEXT.allocation) this.#allocationId = context.readUInt32BE(0);
    }
    if (!isAcknowledged(answered.value)) this.#allocationId = null;
    return ok(undefined);
  }

  #goData(): Buffer {
    return Buffer.concat([text(this.#parts.exportName), uint16(1), uint16(INFO.blockSize)]);
  }

  /** Servers of before 2017 know exports by name only, and say no more than that the connection is closed. */
  async #goTheOldWay(): Promise<Result<Agreed>> {
    await this.#send(OPTION.exportName, Buffer.from(this.#parts.exportName));
    const reply = await this.#stream.take(this.#withoutZeroes ? 10 : 134);
    if (reply === null) return err('source-refused', 'the server does not have this export');
    return this.#settle(readOffset(reply, 0), reply.readUInt16BE(8), null);
  }

  #agreed(replies: readonly OptionReply[]): Result<Agreed> {
    const infos = replies.filter(({ type, data }) => type === REPLY.info && data.length >= 2);
    const find = (kind: number, length: number) =>
      infos.find(({ data }) => data.readUInt16BE(0) === kind && data.length === length)?.data ?? null;
    const info = find(INFO.export, 12);
    if (info === null) return err('malformed', 'the server does not tell the size of the export');
    return this.#settle(readOffset(info, 2), info.readUInt16BE(10), find(INFO.blockSize, 14));
  }

  #settle(lengthBytes: number, flags: number, sizes: Buffer | null): Result<Agreed> {
    if (!Number.isSafeInteger(lengthBytes))
      return err('malformed', 'the size of the export is beyond 2^53 bytes');
    if ((flags & FLAG.hasFlags) === 0) return err('malformed', 'the flags of the export are not valid');
    const known = lengthBytes % PORTABLE_MINIMUM_BYTES === 0 ? PORTABLE_MINIMUM_BYTES : 1;
    const minimumBytes = sizes?.readUInt32BE(2) ?? known;
    const maximumBytes = Math.min(sizes?.readUInt32BE(10) ?? PORTABLE_MAX_BYTES, PORTABLE_MAX_BYTES);
    const isPower = minimumBytes > 0 && (minimumBytes & (minimumBytes - 1)) === 0;
    if (!isPower || minimumBytes > LARGEST_MINIMUM_BYTES || maximumBytes < minimumBytes) {
      return err(
        'malformed',
        `the block sizes of the export are not valid (${minimumBytes} to ${maximumBytes})`,
      );
    }
    const { structured, allocationId } = { structured: this.#structured, allocationId: this.#allocationId };
    return ok({ lengthBytes, flags, structured, allocationId, minimumBytes, maximumBytes });
  }

  #refused(replies: readonly OptionReply[]): Err {
    const last = replies.at(-1);
    const told = last === undefined ? '' : printable(last.data);
    const because = told === '' ? '' : ` (${told})`;
    switch (last?.type ?? REPLY.errUnsupported) {
      case REPLY.errUnknown:
        return err('source-refused', `the server has no export '${this.#parts.exportName}'${because}`);
      case REPLY.errTlsRequired:
        return err('source-refused', `the server wants TLS: use an nbds: address${because}`);
      case REPLY.errShutdown:
        return err('source-unreachable', `the server is being shut down${because}`);
      default:
        return err('source-refused', `the server does not give the export${because}`);
    }
  }

  async #send(code: number, data: Buffer): Promise<void> {
    const header = Buffer.alloc(16);
    header.writeBigUInt64BE(MAGIC.option, 0);
    header.writeUInt32BE(code, 8);
    header.writeUInt32BE(data.length, 12);
    await this.#stream.send(header, data);
  }

  /** The replies to an option: any number, and last an acknowledgement or an error. */
  async #option(code: number, data: Buffer = Buffer.alloc(0)): Promise<Result<OptionReply[]>> {
    await this.#send(code, data);
    const replies: OptionReply[] = [];
    while (replies.length < MOST_REPLIES) {
      const header = await this.#stream.take(OPTION_REPLY_HEADER_BYTES);
      if (header === null) return closedEarly();
      const length = header.readUInt32BE(16);
      if (header.readBigUInt64BE(0) !== MAGIC.optionReply || header.readUInt32BE(8) !== code) {
        return err('malformed', 'the server answers something that was not asked');
      }
      if (length > MAX_REPLY_BYTES)
        return err('malformed', `the server answers an option with ${length} bytes`);
      const body = await this.#stream.take(length);
      if (body === null) return closedEarly();
      const reply = { type: header.readUInt32BE(12), data: body };
      replies.push(reply);
      if (reply.type === REPLY.ack || reply.type >= REPLY.errUnsupported - 1) return ok(replies);
    }
    return err('malformed', `the server answers an option more than ${MOST_REPLIES} times`);
  }
}

function isAcknowledged(replies: readonly OptionReply[]): boolean {
  return replies.at(-1)?.type === REPLY.ack;
}

function closedEarly(): Err {
  return err('source-unreachable', 'the server closed the connection while it was being asked');
}

/** What a server says for people, on one line and not too long. */
export function printable(bytes: Buffer): string {
  return bytes
    .subarray(0, 400)
    .toString('utf8')
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}
