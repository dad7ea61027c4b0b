/** A client that speaks NBD word by word, right or wrong, as a test wants it. */
import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import {
  CHUNK,
  CHUNK_DONE,
  COMMAND,
  HANDSHAKE,
  INFO,
  MAGIC,
  OPTION,
  REPLY,
} from '../../main/block/nbd/protocol.ts';

export interface OptionAnswer {
  readonly type: number;
  readonly data: Buffer;
}

export interface Chunk {
  readonly type: number;
  readonly done: boolean;
  readonly data: Buffer;
}

/** One answer to a request, put together. */
export interface Answer {
  /** 0 for success. */
  readonly error: number;
  readonly message: string;
  /** Data of a read, holes filled in; of simple replies as it came. */
  readonly data: Buffer;
  readonly chunks: readonly Chunk[];
}

export interface Request {
  readonly command: number;
  readonly offset?: number | bigint;
  readonly length?: number;
  readonly flags?: number;
  readonly payload?: Uint8Array;
  readonly magic?: number;
}

export interface TalkerOptions {
  readonly structured?: boolean;
  readonly contexts?: readonly string[];
  readonly exportName?: string;
}

export class NbdTalker {
  readonly socket: Socket;
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<unknown>;
  size = 0;
  flags = 0;
  #structured = false;
  #cookie = 0n;
  #received: Buffer[] = [];
  #receivedBytes = 0;
  #over = false;
  #wake: () => void = () => {};
  readonly #partial = new Map<bigint, Chunk[]>();
  readonly #lengths = new Map<bigint, { offset: number; length: number; command: number }>();

  /** @param target a socket's path, or a port of this machine */
  static async connect(target: string | number): Promise<NbdTalker> {
    const socket = typeof target === 'string' ? net.connect(target) : net.connect(target, '127.0.0.1');
    onTestFinished(() => {
      socket.destroy();
    });
    await once(socket, 'connect');
    return new NbdTalker(socket);
  }

  /** Connects, negotiates and begins. */
  static async open(target: string | number, options: TalkerOptions = {}): Promise<NbdTalker> {
    const talker = await NbdTalker.connect(target);
    await talker.greet();
    const { structured = true, contexts = [], exportName = '' } = options;
    if (structured) await talker.option(OPTION.structuredReply);
    if (contexts.length > 0) await talker.option(OPTION.setMetaContext, contextQuery(exportName, contexts));
    await talker.go(exportName);
    return talker;
  }

  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.#received.push(chunk);
      this.#receivedBytes += chunk.length;
      this.#wake();
    });
    socket.on('close', () => {
      this.#over = true;
      this.#wake();
    });
  }

  /** What has come and was not taken. */
  get unreadBytes(): number {
    return this.#receivedBytes;
  }

  /** The next bytes; throws when the server ends before. */
  async take(length: number): Promise<Buffer> {
    while (this.#receivedBytes < length) {
      if (this.#over) throw new Error(`the server left after ${this.#receivedBytes} of ${length} bytes`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const all = Buffer.concat(this.#received);
    this.#received = [all.subarray(length)];
    this.#receivedBytes = all.length - length;
    return all.subarray(0, length);
  }

  async greet(flags: number = HANDSHAKE.fixedNewstyle | HANDSHAKE.noZeroes): Promise<Buffer> {
    const greeting = await this.take(18);
    this.socket.write(uint32(flags));
    return greeting;
  }

  sendOption(code: number, data: Uint8Array = Buffer.alloc(0), magic: bigint = MAGIC.option): void {
    const header = Buffer.alloc(16);
    header.writeBigUInt64BE(magic, 0);
    header.writeUInt32BE(code, 8);
    header.writeUInt32BE(data.length, 12);
    this.socket.write(Buffer.concat([header, data]));
  }

  /** Sends an option and collects its replies, up to the acknowledgement or an error. */
  async option(code: number, data?: Uint8Array): Promise<OptionAnswer[]> {
    this.sendOption(code, data);
    const answers: OptionAnswer[] = [];
    for (;;) {
      const header = await this.take(20);
      const answer = { type: header.readUInt32BE(12), data: await this.take(header.readUInt32BE(16)) };
      answers.push(answer);
      if (answer.type !== REPLY.ack && answer.type < 0x8000_0000) continue;
      this.#structured ||= code === OPTION.structuredReply && answer.type === REPLY.ack;
      return answers;
    }
  }

  async go(exportName = '', wanted: readonly number[] = []): Promise<OptionAnswer[]> {
    const answers = await this.option(OPTION.go, infoQuery(exportName, wanted));
    const info = answers.find(
      ({ type, data }) => type === REPLY.info && data.readUInt16BE(0) === INFO.export,
    );
    this.size = Number(info?.data.readBigUInt64BE(2) ?? 0n);
    this.flags = info?.data.readUInt16BE(10) ?? 0;
    return answers;
  }

  send({ command, offset = 0, length, flags = 0, payload, magic = MAGIC.request }: Request): bigint {
    const cookie = ++this.#cookie;
    const bytes = length ?? payload?.length ?? 0;
    this.#lengths.set(cookie, { offset: Number(offset), length: bytes, command });
    const header = Buffer.alloc(28);
    header.writeUInt32BE(magic, 0);
    header.writeUInt16BE(flags, 4);
    header.writeUInt16BE(command, 6);
    header.writeBigUInt64BE(cookie, 8);
    header.writeBigUInt64BE(BigInt(offset), 16);
    header.writeUInt32BE(bytes, 24);
    this.socket.write(payload === undefined ? header : Buffer.concat([header, payload]));
    return cookie;
  }

  /** Receives answers until the one to `cookie` is complete; others may come in between and are returned too. */
  async answersUntil(cookie: bigint): Promise<Map<bigint, Answer>> {
    const answers = new Map<bigint, Answer>();
    while (!answers.has(cookie)) {
      const [id, answer] = await this.nextAnswer();
      answers.set(id, answer);
    }
    return answers;
  }

  async request(request: Request): Promise<Answer> {
    const cookie = this.send(request);
    const answer = (await this.answersUntil(cookie)).get(cookie);
    if (answer === undefined) throw new Error('no answer');
    return answer;
  }

  read(offset: number, length: number, flags = 0): Promise<Answer> {
    return this.request({ command: COMMAND.read, offset, length, flags });
  }

  write(offset: number, payload: Uint8Array, flags = 0): Promise<Answer> {
    return this.request({ command: COMMAND.write, offset, payload, flags });
  }

  /** The next complete answer, whichever request it is to. */
  async nextAnswer(): Promise<[bigint, Answer]> {
    for (;;) {
      const magic = (await this.take(4)).readUInt32BE(0);
      if (magic === MAGIC.simpleReply) return this.#simpleAnswer();
      if (magic !== MAGIC.structuredReply) throw new Error(`a reply begins with 0x${magic.toString(16)}`);
      const header = await this.take(16);
      const chunk = {
        done: (header.readUInt16BE(0) & CHUNK_DONE) !== 0,
        type: header.readUInt16BE(2),
        data: await this.take(header.readUInt32BE(12)),
      };
      const cookie = header.readBigUInt64BE(4);
      const chunks = [...(this.#partial.get(cookie) ?? []), chunk];
      this.#partial.set(cookie, chunks);
      if (!chunk.done) continue;
      this.#partial.delete(cookie);
      return [cookie, this.#assemble(cookie, chunks)];
    }
  }

  async #simpleAnswer(): Promise<[bigint, Answer]> {
    const header = await this.take(12);
    const error = header.readUInt32BE(0);
    const cookie = header.readBigUInt64BE(4);
    const asked = this.#lengths.get(cookie);
    const hasData = error === 0 && asked?.command === COMMAND.read && !this.#structured;
    const data = hasData ? await this.take(asked.length) : Buffer.alloc(0);
    return [cookie, { error, message: '', data, chunks: [] }];
  }

  #assemble(cookie: bigint, chunks: readonly Chunk[]): Answer {
    const asked = this.#lengths.get(cookie) ?? { offset: 0, length: 0, command: COMMAND.read };
    const data = Buffer.alloc(asked.command === COMMAND.read ? asked.length : 0, 0xee);
    let error = 0;
    let message = '';
    for (const { type, data: bytes } of chunks) {
      if (type === CHUNK.offsetData) {
        bytes.copy(data, Number(bytes.readBigUInt64BE(0)) - asked.offset, 8);
      } else if (type === CHUNK.offsetHole) {
        const at = Number(bytes.readBigUInt64BE(0)) - asked.offset;
        data.fill(0, at, at + bytes.readUInt32BE(8));
      } else if (type === CHUNK.error || type === CHUNK.errorOffset) {
        error = bytes.readUInt32BE(0);
        message = bytes.subarray(6, 6 + bytes.readUInt16BE(4)).toString();
      }
    }
    return { error, message, data, chunks };
  }
}

/** States of a block status, for one context. */
export function statusOf(answer: Answer, contextId = 1): { length: number; flags: number }[] {
  const chunk = answer.chunks.find(
    ({ type, data }) => type === CHUNK.blockStatus && data.readUInt32BE(0) === contextId,
  );
  const states: { length: number; flags: number }[] = [];
  for (let at = 4; chunk !== undefined && at < chunk.data.length; at += 8) {
    states.push({ length: chunk.data.readUInt32BE(at), flags: chunk.data.readUInt32BE(at + 4) });
  }
  return states;
}

export function infoQuery(exportName: string, wanted: readonly number[] = []): Buffer {
  return Buffer.concat([text(exportName), uint16(wanted.length), ...wanted.map(uint16)]);
}

export function contextQuery(exportName: string, queries: readonly string[]): Buffer {
  return Buffer.concat([text(exportName), uint32(queries.length), ...queries.map(text)]);
}

export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

export function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}
