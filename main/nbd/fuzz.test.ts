import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../shared/units.ts';
import { until } from '../../test/support/simulated-clock.ts';
import { CONTEXT, HANDSHAKE, MAGIC, OPTION, REQUEST_BYTES } from '../block/nbd/protocol.ts';
import { serveNbd } from '../../test/support/nbd-served.ts';
import { contextQuery, infoQuery, NbdTalker, text, uint32 } from '../../test/support/nbd-talker.ts';
import { pattern } from '../../test/support/qed-disk.ts';
import { SeededRandom } from '../../test/support/seeded-random.ts';
import { WatchedDevice } from '../../test/support/watched-device.ts';

const SEEDS = Array.from({ length: 150 }, (_, index) => index + 1);
const LENGTH_BYTES = 2 * MIB;

/** What a client might say, mostly right. */
class Babble {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
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
    const length = random.pick([0, 1, 512, 4096, 100_000, random.integer(0, LENGTH_BYTES)]);
    const command = random.integer(0, 9);
    header.writeUInt32BE(MAGIC.request, 0);
    header.writeUInt16BE(random.chance(0.7) ? 0 : random.integer(0, 0xffff), 4);
    header.writeUInt16BE(command, 6);
    header.writeBigUInt64BE(BigInt(random.integer(0, 2 ** 31)), 8);
    header.writeBigUInt64BE(
      BigInt(random.pick([0, 511, LENGTH_BYTES, random.integer(0, 2 ** 31) * 65_536])),
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

describe('a server among clients that talk nonsense', () => {
  it.each(SEEDS)('serves the others, and nothing stays behind (seed %i)', async (seed) => {
    const device = new WatchedDevice(LENGTH_BYTES);
    const precious = new WatchedDevice(LENGTH_BYTES, true);
    precious.bytes = pattern(LENGTH_BYTES, seed);
    const { socket, server } = await serveNbd([
      { name: '', device, fastZeroes: seed % 2 === 0 },
      { name: 'disk', device: precious },
    ]);
    const good = await NbdTalker.open(socket, { exportName: 'disk' });
    const babble = new Babble(seed);
    const client = net.connect(socket);
    client.on('error', () => {});
    const closed = new Promise((resolve) => client.on('close', resolve));
    client.resume();
    await once(client, 'connect');
    for (const piece of babble.pieces(babble.conversation())) {
      if (client.destroyed) break;
      client.write(piece);
      if (seed % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    client.end();
    await closed;
    await until(() => server.clients === 1);
    const { error, data } = await good.read(0, LENGTH_BYTES);
    expect(error).toBe(0);
    expect(Buffer.compare(data, precious.bytes)).toBe(0);
  });
});
