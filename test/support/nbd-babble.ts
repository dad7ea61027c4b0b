/** Clients that say anything: in good form, or in none. */
import { KIB } from '../../shared/units.ts';
import {
  COMMAND,
  COMMAND_FLAG,
  CONTEXT,
  HANDSHAKE,
  MAGIC,
  OPTION,
  REQUEST_BYTES,
} from '../../main/block/nbd/protocol.ts';
import { contextQuery, infoQuery, text, uint32 } from './nbd-talker.ts';
import type { ModelRequest } from './nbd-model.ts';
import { SeededRandom } from './seeded-random.ts';

const MOST_IN_BATCH = 12;

/** Makes requests in good form, mostly allowed, around the places where mistakes are made. */
export class RequestMaker {
  readonly #random: SeededRandom;
  readonly #lengthBytes: number;
  readonly #unitBytes: number;

  /** @param unitBytes what most ranges are multiples of */
  constructor(random: SeededRandom, lengthBytes: number, unitBytes: number) {
    this.#random = random;
    this.#lengthBytes = lengthBytes;
    this.#unitBytes = unitBytes;
  }

  /** Requests whose answers do not depend on which of them is carried out first. A flush comes alone. */
  batch(): ModelRequest[] {
    const batch = [this.#request()];
    for (let tries = this.#random.integer(0, MOST_IN_BATCH); tries > 0; tries--) {
      const next = this.#request();
      if (batch.every((other) => areIndependent(other, next))) batch.push(next);
    }
    return batch;
  }

  #request(): ModelRequest {
    const random = this.#random;
    const { read, write, flush, trim, cache, writeZeroes, blockStatus } = COMMAND;
    const usual = [
      read,
      read,
      write,
      write,
      write,
      writeZeroes,
      writeZeroes,
      trim,
      cache,
      blockStatus,
      flush,
    ];
    const command = random.chance(0.97) ? random.pick(usual) : random.integer(8, 0xffff);
    const { offset, length } =
      command === flush && random.chance(0.8) ? { offset: 0, length: 0 } : this.#range();
    const request = { command, offset, length, flags: this.#flags(command) };
    return command === write ? { ...request, payload: this.#payload(length) } : request;
  }

  #range(): { offset: number; length: number } {
    const random = this.#random;
    const size = this.#lengthBytes;
    const places = [0, 64 * KIB, 256 * KIB, size, size - this.#unitBytes, random.integer(0, size)];
    const lengths = [0, 1, 512, 4096, 64 * KIB, 100_000, 256 * KIB + 1, random.integer(0, size), size];
    const exact = random.chance(0.15);
    const aligned = (value: number) => (exact ? value : value - (value % this.#unitBytes));
    const offset = random.chance(0.04) ? random.integer(0, 2 ** 21) * 2 ** 31 : aligned(random.pick(places));
    const length = aligned(random.pick(lengths));
    // Mostly inside.
    const room = size - offset;
    return { offset, length: random.chance(0.8) && room > 0 ? Math.min(length, room) : length };
  }

  #flags(command: number): number {
    const random = this.#random;
    if (random.chance(0.05)) return random.integer(0, 0xffff);
    const own: Readonly<Record<number, readonly number[]>> = {
      [COMMAND.read]: [COMMAND_FLAG.df],
      [COMMAND.writeZeroes]: [COMMAND_FLAG.noHole, COMMAND_FLAG.fastZero],
      [COMMAND.blockStatus]: [COMMAND_FLAG.requestOne],
    };
    const flags = [...(own[command] ?? []), COMMAND_FLAG.fua].filter(() => random.chance(0.35));
    return flags.reduce((all, flag) => all | flag, 0);
  }

  #payload(length: number): Uint8Array {
    const first = this.#random.integer(0, 255);
    return Uint8Array.from({ length }, (_, index) => first + index * 7);
  }
}

function areIndependent(one: ModelRequest, other: ModelRequest): boolean {
  if (one.command === COMMAND.flush || other.command === COMMAND.flush) return false;
  const changes = ({ command }: ModelRequest) => command === COMMAND.write || command === COMMAND.writeZeroes;
  if (!changes(one) && !changes(other)) return true;
  // Space is given and taken back in blocks.
  const block = 64 * KIB;
  const [start, end] = [Math.floor(one.offset / block), Math.ceil((one.offset + one.length) / block)];
  return Math.ceil((other.offset + other.length) / block) <= start || end <= Math.floor(other.offset / block);
}

/** What a client might say, mostly right. */
export class Babble {
  readonly #random: SeededRandom;
  readonly #lengthBytes: number;

  /** @param lengthBytes of the export */
  constructor(seed: number, lengthBytes: number) {
    this.#random = new SeededRandom(seed);
    this.#lengthBytes = lengthBytes;
  }

  conversation(): Buffer {
    const random = this.#random;
    const parts = [
      uint32(random.chance(0.95) ? HANDSHAKE.fixedNewstyle | HANDSHAKE.noZeroes : random.integer(0, 2 ** 31)),
    ];
    for (let count = random.integer(0, 6); count > 0; count--) parts.push(this.#option());
    if (random.chance(0.9)) parts.push(option(OPTION.structuredReply, Buffer.alloc(0)));
    if (random.chance(0.5)) {
      parts.push(option(OPTION.setMetaContext, contextQuery('', Object.values(CONTEXT))));
    }
    if (random.chance(0.9)) parts.push(option(OPTION.go, infoQuery('')));
    for (let count = random.integer(0, 40); count > 0; count--) parts.push(...this.#request());
    return this.#damaged(Buffer.concat(parts));
  }

  #option(): Buffer {
    const random = this.#random;
    const data = random.pick([
      () => Buffer.alloc(0),
      () => infoQuery(random.pick(['', 'disk', 'x'.repeat(5000)]), [0, 1, 2, 3]),
      () => contextQuery('', ['base:', 'qemu:allocation-depth']),
      () => Buffer.concat([text('disk'), uint32(random.integer(0, 2 ** 31))]),
      () => Buffer.from(Array.from({ length: random.integer(0, 64) }, () => random.integer(0, 255))),
    ])();
    return option(random.integer(0, 12), data);
  }

  #request(): Buffer[] {
    const random = this.#random;
    const header = Buffer.alloc(REQUEST_BYTES);
    const length = random.pick([0, 1, 512, 4096, 100_000, random.integer(0, this.#lengthBytes)]);
    const command = random.integer(0, 9);
    header.writeUInt32BE(MAGIC.request, 0);
    header.writeUInt16BE(random.chance(0.7) ? 0 : random.integer(0, 0xffff), 4);
    header.writeUInt16BE(command, 6);
    header.writeBigUInt64BE(BigInt(random.integer(0, 2 ** 31)), 8);
    header.writeBigUInt64BE(
      BigInt(random.pick([0, 511, this.#lengthBytes, random.integer(0, 2 ** 31) * 65_536])),
      16,
    );
    header.writeUInt32BE(random.chance(0.9) ? length : random.integer(0, 0xffff_ffff), 24);
    const hasPayload = command === 1 && random.chance(0.95);
    return hasPayload ? [header, Buffer.alloc(length, 0x55)] : [header];
  }

  /** Some bytes changed, and perhaps the end missing. */
  #damaged(bytes: Buffer): Buffer {
    const random = this.#random;
    if (random.chance(0.5)) return bytes;
    for (let count = random.integer(1, 4); count > 0 && bytes.length > 0; count--) {
      bytes[random.integer(0, Math.min(bytes.length, 600) - 1)] = random.integer(0, 255);
    }
    return random.chance(0.5) ? bytes.subarray(0, random.integer(0, bytes.length)) : bytes;
  }

  /** Cuts what is sent into the pieces it arrives in. */
  *pieces(bytes: Buffer): Generator<Buffer> {
    for (let at = 0; at < bytes.length;) {
      const length = this.#random.pick([1, 27, 1000, 64 * KIB, bytes.length]);
      yield bytes.subarray(at, at + length);
      at += length;
    }
  }
}

function option(code: number, data: Buffer): Buffer {
  const header = Buffer.alloc(16);
  header.writeBigUInt64BE(MAGIC.option, 0);
  header.writeUInt32BE(code, 8);
  header.writeUInt32BE(data.length, 12);
  return Buffer.concat([header, data]);
}
