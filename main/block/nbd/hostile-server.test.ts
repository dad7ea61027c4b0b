import net from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { FAILURE_CODES, unwrap, type Result } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import {
  at,
  blockSizes,
  chunk,
  exportInfo,
  greeting,
  LIAR_BYTES,
  optionReply,
  simple,
  startLiar,
  type LiarScript,
} from '../../../test/support/nbd-liar.ts';
import { serveNbd } from '../../../test/support/nbd-served.ts';
import { uint16, uint32 } from '../../../test/support/nbd-talker.ts';
import { pattern } from '../../../test/support/qed-disk.ts';
import { SeededRandom } from '../../../test/support/seeded-random.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { WatchedDevice } from '../../../test/support/watched-device.ts';
import { openNbdDevice, type NbdDevice } from './nbd-device.ts';
import { CHUNK, CHUNK_DONE, COMMAND, ERROR, OPTION, REPLY } from './protocol.ts';

const open = (uri: string, noProgressTimeoutMs = 2000) =>
  openNbdDevice(uri, { clock: systemClock, noProgressTimeoutMs });

async function deviceOf(script: LiarScript): Promise<NbdDevice> {
  const device = unwrap(await open(await startLiar(script)));
  onTestFinished(async () => {
    await device.close();
  });
  return device;
}

const failureOf = (result: Result<unknown>) => (result.ok ? 'nothing' : result.failure.code);

describe('a server that lies while it is being asked', () => {
  const acknowledge = (code: number) => optionReply(code, REPLY.ack);
  const onGo = (answer: (code: number) => Buffer): LiarScript => ({
    option: (code) => (code === OPTION.go ? answer(code) : null),
  });
  const withInfo = (...infos: readonly Buffer[]) =>
    onGo((code) =>
      Buffer.concat([...infos.map((info) => optionReply(code, REPLY.info, info)), acknowledge(code)]),
    );

  it('is found out', async () => {
    const lies: [string, LiarScript][] = [
      ['malformed', { greeting: Buffer.from('HTTP/1.1 400 Bad Request\r\n') }],
      [
        'unsupported',
        {
          greeting: Buffer.concat([
            Buffer.from('NBDMAGIC'),
            Buffer.from('00420281861253', 'hex'),
            Buffer.alloc(200),
          ]),
        },
      ],
      ['unsupported', { greeting: greeting(0) }],
      ['malformed', { option: () => Buffer.alloc(20) }],
      ['malformed', { option: (code) => optionReply(code + 1, REPLY.ack) }],
      ['malformed', { option: (code) => optionReply(code, REPLY.server, Buffer.alloc(0), 0xffff_ffff) }],
      [
        'malformed',
        {
          option: (code) => Buffer.concat(Array.from({ length: 300 }, () => optionReply(code, REPLY.server))),
        },
      ],
      ['malformed', withInfo()],
      ['malformed', withInfo(exportInfo().subarray(0, 11))],
      ['malformed', withInfo(exportInfo(2n ** 63n))],
      ['malformed', withInfo(exportInfo(1000n, 0))],
      ['malformed', withInfo(exportInfo(), blockSizes(3, 4096))],
      ['malformed', withInfo(exportInfo(), blockSizes(0, 4096))],
      ['malformed', withInfo(exportInfo(), blockSizes(131_072, 1 << 20))],
      ['malformed', withInfo(exportInfo(), blockSizes(4096, 512))],
      ['source-refused', onGo((code) => optionReply(code, REPLY.errPolicy, Buffer.from('not\nyou\u0007')))],
      ['source-unreachable', onGo((code) => optionReply(code, REPLY.errShutdown))],
    ];
    for (const [code, script] of lies) {
      const opened = await open(await startLiar(script));
      expect(failureOf(opened)).toBe(code);
      if (!opened.ok) expect(opened.failure.message).not.toMatch(/[\p{Cc}]/u);
    }
  });
});

describe('a server that lies when it answers', () => {
  const onRead = (
    answer: (request: Parameters<NonNullable<LiarScript['request']>>[0]) => Buffer,
  ): LiarScript => ({
    request: (request) => (request.command === COMMAND.read ? answer(request) : null),
  });
  const read = async (script: LiarScript, length = 4096) => {
    const device = await deviceOf(script);
    return failureOf(await device.read(512, new Uint8Array(length)));
  };
  const data = (length: number) => Buffer.alloc(length, 1);

  it('with data of other places, too much, or too little, is found out', async () => {
    const lies: ((request: Parameters<typeof chunk>[0]) => Buffer)[] = [
      (request) => chunk(request, CHUNK.offsetData, CHUNK_DONE, at(0, data(4096))),
      (request) => chunk(request, CHUNK.offsetData, CHUNK_DONE, at(1024, data(4096))),
      (request) => chunk(request, CHUNK.offsetData, CHUNK_DONE, at(512, data(8192))),
      (request) => chunk(request, CHUNK.offsetData, CHUNK_DONE, at(512, data(1024))),
      (request) => chunk(request, CHUNK.offsetData, CHUNK_DONE, at(512, Buffer.alloc(0))),
      (request) => chunk(request, CHUNK.offsetData, CHUNK_DONE, at(512, data(16)), 0xffff_fff0),
      (request) =>
        Buffer.concat([
          chunk(request, CHUNK.offsetData, 0, at(512, data(4096))),
          chunk(request, CHUNK.offsetData, CHUNK_DONE, at(512, data(4096))),
        ]),
      // As much as was asked for, with a gap.
      (request) =>
        Buffer.concat([
          chunk(request, CHUNK.offsetData, 0, at(512, data(2048))),
          chunk(request, CHUNK.offsetData, CHUNK_DONE, at(1024, data(2048))),
        ]),
      (request) => chunk(request, CHUNK.offsetHole, CHUNK_DONE, at(512, uint32(0xffff_ffff))),
      (request) => chunk(request, CHUNK.offsetHole, CHUNK_DONE, at(512, uint32(0))),
      (request) => chunk(request, CHUNK.offsetHole, CHUNK_DONE, at(512, uint16(0))),
      (request) => chunk(request, CHUNK.none, CHUNK_DONE),
      (request) => chunk(request, CHUNK.none, 0),
      (request) => chunk(request, CHUNK.none, CHUNK_DONE, data(4)),
    ];
    for (const lie of lies) expect(await read(onRead(lie))).toBe('malformed');
  });

  it('with what does not belong to a read, or to nothing, is found out', async () => {
    const lies: ((request: Parameters<typeof chunk>[0]) => Buffer)[] = [
      () => data(64),
      (request) => simple(request, 0, data(4096)),
      (request) => simple({ ...request, cookieLow: 99 }),
      (request) => chunk({ ...request, cookieHigh: 0xffff_ffff }, CHUNK.none, CHUNK_DONE),
      (request) =>
        chunk(request, CHUNK.blockStatus, CHUNK_DONE, Buffer.concat([uint32(1), uint32(4096), uint32(0)])),
      (request) => chunk(request, 77, CHUNK_DONE, data(4)),
      (request) => chunk(request, CHUNK.error, CHUNK_DONE, data(2)),
      (request) => chunk(request, CHUNK.error, CHUNK_DONE, Buffer.concat([uint32(0), uint16(0)])),
      (request) => chunk(request, CHUNK.error, CHUNK_DONE, Buffer.concat([uint32(5), uint16(500)])),
      (request) => chunk(request, CHUNK.error, CHUNK_DONE, data(8), 0x7fff_ffff),
      (request) => {
        const failed = chunk(request, CHUNK.error, 0, Buffer.concat([uint32(5), uint16(0)]));
        return Buffer.concat([failed, failed]);
      },
    ];
    for (const lie of lies) expect(await read(onRead(lie))).toBe('malformed');
  });

  it('with an error, known or not, is believed', async () => {
    for (const [error, code] of [
      [ERROR.io, 'io'],
      [ERROR.nospc, 'no-space'],
      [ERROR.shutdown, 'source-unreachable'],
      [12_345, 'invalid-argument'],
    ] as const) {
      expect(await read(onRead((request) => simple(request, error)))).toBe(code);
      const text = Buffer.from('for\npeople');
      const told = onRead((request) =>
        Buffer.concat([
          chunk(request, CHUNK.offsetData, 0, at(512, data(1024))),
          chunk(
            request,
            CHUNK.errorOffset,
            CHUNK_DONE,
            Buffer.concat([uint32(error), uint16(text.length), text, Buffer.alloc(8)]),
          ),
        ]),
      );
      const device = await deviceOf(told);
      const failed = await device.read(512, new Uint8Array(4096));
      expect(failed).toMatchObject({
        failure: { code, message: expect.stringContaining('for people') as string },
      });
    }
  });

  it('does not harm what is beside the target of a read', async () => {
    const device = await deviceOf(
      onRead((request) => chunk(request, CHUNK.offsetData, CHUNK_DONE, at(512, data(100_000)))),
    );
    const around = new Uint8Array(8192);
    expect(failureOf(await device.read(512, around.subarray(2048, 6144)))).toBe('malformed');
    expect(around.subarray(0, 2048).every((byte) => byte === 0)).toBe(true);
    expect(around.subarray(6144).every((byte) => byte === 0)).toBe(true);
  });

  it('about the state of ranges is found out, or not believed', async () => {
    const onStatus = (states: Buffer, id = 1): LiarScript => ({
      request: (request) =>
        request.command === COMMAND.blockStatus
          ? chunk(request, CHUNK.blockStatus, CHUNK_DONE, Buffer.concat([uint32(id), states]))
          : null,
    });
    const state = (length: number, flags: number) => Buffer.concat([uint32(length), uint32(flags)]);
    const extent = async (script: LiarScript) => {
      const found = await (await deviceOf(script)).extentAt(4096, 8192);
      return found.ok ? found.value : found.failure.code;
    };
    expect(await extent(onStatus(state(4096, 3)))).toEqual({ offset: 4096, length: 4096, kind: 'zero' });
    const whole = { offset: 4096, length: 8192 };
    expect(await extent(onStatus(state(0xffff_ffff, 3)))).toEqual({ ...whole, kind: 'zero' });
    expect(await extent(onStatus(state(0, 3)))).toMatchObject({ ...whole, kind: 'data' });
    for (const lie of [
      onStatus(state(4096, 0), 9),
      onStatus(Buffer.alloc(7)),
      onStatus(Buffer.alloc(0)),
      {
        request: (request) => (request.command === COMMAND.blockStatus ? simple(request) : null),
      } satisfies LiarScript,
    ]) {
      expect(await extent(lie)).toBe('malformed');
    }
  });

  it('for ever, without getting anywhere, is given up', async () => {
    const device = await deviceOf({ request: () => Buffer.alloc(0) });
    const opened = await open(await startLiar({ request: () => Buffer.alloc(0) }), 100);
    expect(failureOf(await unwrap(opened).read(0, new Uint8Array(512)))).toBe('source-unreachable');
    const reading = device.read(0, new Uint8Array(512));
    unwrap(await device.close());
    expect(failureOf(await reading)).toBe('closed');
  });
});

describe('a server whose answers are put together wrongly', () => {
  it.each(Array.from({ length: 60 }, (_, index) => index + 1))(
    'is found out, or has sent what was asked for (seed %i)',
    async (seed) => {
      const random = new SeededRandom(seed);
      const content = Buffer.from(pattern(LIAR_BYTES, seed));
      content.fill(0, 64 * KIB, 200 * KIB);
      let lied = false;
      const device = await deviceOf({
        request: (request) => {
          if (request.command !== COMMAND.read) return null;
          const parts = partsOf(content, request, random);
          lied = random.chance(0.7);
          if (lied) misplace(parts, random);
          return wholeOf(request, parts);
        },
      });
      for (let reads = 0; reads < 20; reads++) {
        const length = random.integer(1, 100_000);
        const offset = random.integer(0, LIAR_BYTES - length);
        const target = new Uint8Array(length).fill(0xee);
        const read = await device.read(offset, target);
        if (read.ok) expect(Buffer.compare(target, content.subarray(offset, offset + length))).toBe(0);
        else expect([lied, read.failure.code]).toEqual([true, 'malformed']);
        // One that lied is not asked any more.
        if (!read.ok) break;
      }
    },
  );
});

type NbdRequest = Parameters<typeof chunk>[0];

/** Part of an answer: data, or zeroes that are only told of. */
interface Part {
  offset: number;
  bytes: Buffer;
}

/** An honest answer in random parts, in random order. */
function partsOf(content: Buffer, { offset, length }: NbdRequest, random: SeededRandom): Part[] {
  const parts: Part[] = [];
  for (let start = offset; start < offset + length;) {
    const end = Math.min(offset + length, start + random.integer(1, 30_000));
    parts.push({ offset: start, bytes: content.subarray(start, end) });
    start = end;
  }
  return parts.sort(() => random.next() - 0.5);
}

/** One part is left out, comes twice, or comes from another place, so that the length of all may be right still. */
function misplace(parts: Part[], random: SeededRandom): void {
  const index = random.integer(0, parts.length - 1);
  const other = parts[random.integer(0, parts.length - 1)];
  const part = parts[index];
  if (part === undefined || other === undefined) return;
  random.pick([
    () => parts.splice(index, 1),
    () => parts.splice(index, 0, part),
    () => parts.splice(index, 1, { offset: other.offset, bytes: part.bytes }),
    () => parts.splice(index, 1, { offset: part.offset + random.integer(-600, 600), bytes: part.bytes }),
    () => parts.splice(index, 1, { offset: part.offset, bytes: other.bytes }),
    () => parts.splice(index, 1, { offset: part.offset, bytes: part.bytes.subarray(1) }),
  ])();
}

function wholeOf(request: NbdRequest, parts: readonly Part[]): Buffer {
  const chunks = parts.map(({ offset, bytes }) =>
    bytes.every((byte) => byte === 0)
      ? chunk(request, CHUNK.offsetHole, 0, at(Math.max(0, offset), uint32(bytes.length)))
      : chunk(request, CHUNK.offsetData, 0, at(Math.max(0, offset), bytes)),
  );
  return Buffer.concat([...chunks, chunk(request, CHUNK.none, CHUNK_DONE)]);
}

const SEEDS = Array.from({ length: 100 }, (_, index) => index + 1);

describe('a connection on which bytes change', () => {
  it.each(SEEDS)('ends in answers or failures, in bounded time (seed %i)', async (seed) => {
    const random = new SeededRandom(seed);
    const disk = new WatchedDevice(2 * MIB);
    disk.bytes = pattern(2 * MIB, seed);
    disk.kindAt = (offset) => (Math.floor(offset / (128 * KIB)) % 3 === 0 ? 'zero' : 'data');
    const { socket } = await serveNbd([{ name: '', device: disk }]);
    const file = path.join(tempFolder(), 'proxy');
    const proxy = net.createServer((client) => {
      const server = net.connect(socket);
      for (const one of [client, server]) one.on('error', () => {});
      client.pipe(server);
      server.on('data', (bytes: Buffer) => client.write(damaged(bytes, random)));
      server.on('close', () => client.destroy());
      client.on('close', () => server.destroy());
    });
    proxy.listen(file);
    onTestFinished(() => {
      proxy.close();
    });
    const opened = await open(`nbd+unix:///?socket=${file}`, 200);
    const outcomes: Result<unknown>[] = [opened];
    if (opened.ok) {
      const device = opened.value;
      const { lengthBytes } = device;
      expect(lengthBytes).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER);
      outcomes.push(
        ...(await Promise.all(
          Array.from({ length: 12 }, async (_, index) => {
            const offset = Math.min(index * 150_000, Math.max(0, lengthBytes - 1));
            const length = Math.min(index % 3 === 0 ? 300_000 : 4096, lengthBytes - offset);
            if (index % 4 === 3 && length > 0) return device.extentAt(offset, length);
            return device.read(offset, new Uint8Array(length));
          }),
        )),
      );
      outcomes.push(await device.close());
    }
    for (const outcome of outcomes) {
      if (!outcome.ok) expect(FAILURE_CODES).toContain(outcome.failure.code);
    }
  });
});

/** Mostly whole; else a byte of the first few hundred is another. */
function damaged(bytes: Buffer, random: SeededRandom): Buffer {
  if (random.chance(0.6)) return bytes;
  const changed = Buffer.from(bytes);
  changed[random.integer(0, Math.min(changed.length, 400) - 1)] = random.integer(0, 255);
  return random.chance(0.1) ? changed.subarray(0, random.integer(0, changed.length)) : changed;
}
