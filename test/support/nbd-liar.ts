/** A server that says exactly what a test tells it to, so that it can lie in every way. */
import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import {
  ALLOCATION_STATE,
  CHUNK,
  CHUNK_DONE,
  COMMAND,
  CONTEXT,
  FLAG,
  HANDSHAKE,
  INFO,
  MAGIC,
  OPTION,
  REPLY,
} from '../../main/block/nbd/protocol.ts';
import { readRequest, type NbdRequest } from '../../main/nbd/transmission/request.ts';
import { uint16, uint32 } from './nbd-talker.ts';
import { tempFolder } from './temp-folder.ts';

export interface LiarScript {
  /** Default: the greeting of a server of today. */
  readonly greeting?: Buffer;
  /** Answers an option; null for the honest answer. */
  readonly option?: (code: number, data: Buffer) => Buffer | null;
  /** Answers a request; null for the honest answer. */
  readonly request?: (request: NbdRequest, index: number) => Buffer | null;
}

export const LIAR_BYTES = 1024 * 1024;

/** @returns the address of its export of zeroes */
export async function startLiar(script: LiarScript): Promise<string> {
  const sockets: Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    void converse(socket, script);
  });
  const file = path.join(tempFolder(), 'liar');
  server.listen(file);
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `nbd+unix:///?socket=${file}`;
}

async function converse(socket: Socket, script: LiarScript): Promise<void> {
  const take = reader(socket);
  socket.write(script.greeting ?? greeting());
  if ((await take(4)) === null) return;
  for (;;) {
    const header = await take(16);
    const data = header && (await take(header.readUInt32BE(12)));
    if (header === null || data === null) return;
    const code = header.readUInt32BE(8);
    socket.write(script.option?.(code, data) ?? honestOption(code));
    if (code === OPTION.go) break;
  }
  for (let index = 0; ; index++) {
    const header = await take(28);
    const request = header && readRequest(header, 0);
    if (request === null) return;
    if (request.command === COMMAND.write && (await take(request.length)) === null) return;
    if (request.command === COMMAND.disconnect) return;
    socket.write(script.request?.(request, index) ?? honestReply(request));
  }
}

function reader(socket: Socket): (length: number) => Promise<Buffer | null> {
  let held = Buffer.alloc(0);
  let over = false;
  let wake = () => {};
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    wake();
  });
  socket.on('close', () => {
    over = true;
    wake();
  });
  return async (length) => {
    while (held.length < length) {
      if (over) return null;
      await new Promise<void>((resolve) => (wake = resolve));
    }
    const taken = held.subarray(0, length);
    held = held.subarray(length);
    return taken;
  };
}

export function greeting(flags: number = HANDSHAKE.fixedNewstyle | HANDSHAKE.noZeroes): Buffer {
  const bytes = Buffer.alloc(18);
  bytes.writeBigUInt64BE(MAGIC.server, 0);
  bytes.writeBigUInt64BE(MAGIC.option, 8);
  bytes.writeUInt16BE(flags, 16);
  return bytes;
}

export function optionReply(
  code: number,
  type: number,
  data: Buffer = Buffer.alloc(0),
  length = data.length,
): Buffer {
  const header = Buffer.alloc(16);
  header.writeBigUInt64BE(MAGIC.optionReply, 0);
  header.writeUInt32BE(code, 8);
  header.writeUInt32BE(type, 12);
  return Buffer.concat([header, uint32(length), data]);
}

export function exportInfo(size: bigint = BigInt(LIAR_BYTES), flags: number = FLAG.hasFlags): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16BE(INFO.export, 0);
  bytes.writeBigUInt64BE(size, 2);
  bytes.writeUInt16BE(flags, 10);
  return bytes;
}

export function blockSizes(minimum: number, maximum: number): Buffer {
  return Buffer.concat([uint16(INFO.blockSize), uint32(minimum), uint32(4096), uint32(maximum)]);
}

function honestOption(code: number): Buffer {
  const acknowledged = optionReply(code, REPLY.ack);
  if (code === OPTION.setMetaContext) {
    const context = Buffer.concat([uint32(1), Buffer.from(CONTEXT.allocation)]);
    return Buffer.concat([optionReply(code, REPLY.metaContext, context), acknowledged]);
  }
  if (code !== OPTION.go) return acknowledged;
  return Buffer.concat([optionReply(code, REPLY.info, exportInfo()), acknowledged]);
}

function honestReply(request: NbdRequest): Buffer {
  if (request.command === COMMAND.read) {
    return chunk(request, CHUNK.offsetData, CHUNK_DONE, at(request.offset, Buffer.alloc(request.length)));
  }
  if (request.command === COMMAND.blockStatus) {
    const state = Buffer.concat([uint32(1), uint32(request.length), uint32(ALLOCATION_STATE.zero)]);
    return chunk(request, CHUNK.blockStatus, CHUNK_DONE, state);
  }
  return simple(request);
}

export function simple(request: NbdRequest, error = 0, data: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([uint32(MAGIC.simpleReply), uint32(error), cookie(request), data]);
}

export function chunk(
  request: NbdRequest,
  type: number,
  flags: number,
  data: Buffer = Buffer.alloc(0),
  length = data.length,
): Buffer {
  const head = Buffer.concat([uint32(MAGIC.structuredReply), uint16(flags), uint16(type), cookie(request)]);
  return Buffer.concat([head, uint32(length), data]);
}

export function at(offset: number, data: Buffer): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(offset));
  return Buffer.concat([bytes, data]);
}

function cookie({ cookieHigh, cookieLow }: NbdRequest): Buffer {
  return Buffer.concat([uint32(cookieHigh), uint32(cookieLow)]);
}
