import { describe, expect, it } from 'vitest';
import { err, unwrap } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import { CHUNK, COMMAND, COMMAND_FLAG, ERROR } from '../../block/nbd/protocol.ts';
import { serveNbd } from '../../../test/support/nbd-served.ts';
import { NbdTalker, statusOf, type TalkerOptions } from '../../../test/support/nbd-talker.ts';
import { newQed, pattern } from '../../../test/support/qed-disk.ts';
import { WatchedDevice } from '../../../test/support/watched-device.ts';
import { until } from '../../../test/support/simulated-clock.ts';
import { MemoryDevice } from '../../../test/support/memory-device.ts';
import type { NbdExport } from '../export.ts';

async function talkTo(served: Omit<NbdExport, 'name'>, options: TalkerOptions = {}): Promise<NbdTalker> {
  const { socket } = await serveNbd([{ name: '', ...served }]);
  return NbdTalker.open(socket, options);
}

async function onDisk(lengthBytes: number, options: TalkerOptions = {}, more: Partial<NbdExport> = {}) {
  const device = new WatchedDevice(lengthBytes);
  device.bytes = pattern(lengthBytes, 7);
  return { device, talker: await talkTo({ device, ...more }, options) };
}

const BOTH = [{ structured: true }, { structured: false }];

describe('a read', () => {
  it('brings what is on the disk, from any byte to any other', async () => {
    for (const options of BOTH) {
      const { device, talker } = await onDisk(3 * MIB + 700, options);
      for (const [offset, length] of [
        [0, 1],
        [511, 2],
        [1, 65_535],
        [65_536, 65_536],
        [12_345, 700_000],
        [0, 3 * MIB + 700],
        [3 * MIB + 699, 1],
      ] as const) {
        const { error, data } = await talker.read(offset, length);
        expect(error).toBe(0);
        expect(Buffer.compare(data, device.bytes.subarray(offset, offset + length))).toBe(0);
      }
    }
  });

  it('of nothing is answered with nothing', async () => {
    for (const options of BOTH) {
      const { talker } = await onDisk(MIB, options);
      expect(await talker.read(MIB, 0)).toMatchObject({ error: 0, data: Buffer.alloc(0) });
    }
  });

  it('comes in parts when it is long, or in one when the client wants it so', async () => {
    const { device, talker } = await onDisk(2 * MIB);
    const parts = await talker.read(0, MIB);
    expect(parts.chunks.length).toBeGreaterThan(1);
    const whole = await talker.read(0, MIB, COMMAND_FLAG.df);
    expect(whole.chunks.map(({ type }) => type)).toEqual([CHUNK.offsetData]);
    expect(Buffer.compare(whole.data, device.bytes.subarray(0, MIB))).toBe(0);
  });

  it('tells long zeroes instead of sending them', async () => {
    const { device, talker } = await onDisk(MIB);
    device.bytes.fill(0, 256 * KIB, 512 * KIB);
    device.kindAt = (offset) => (offset >= 256 * KIB && offset < 512 * KIB ? 'zero' : 'data');
    const { chunks, data } = await talker.read(0, MIB);
    expect(chunks.filter(({ type }) => type === CHUNK.offsetHole)).toHaveLength(1);
    expect(Buffer.compare(data, device.bytes)).toBe(0);
    const whole = await talker.read(0, MIB, COMMAND_FLAG.df);
    expect(whole.chunks.map(({ type }) => type)).toEqual([CHUNK.offsetData]);
  });

  it('that fails says why, without data, and the next one is served', async () => {
    for (const options of BOTH) {
      const { device, talker } = await onDisk(2 * MIB, options);
      device.failing.set('read', err('io', 'the disk is broken'));
      for (const length of [4096, MIB]) {
        const { error, message } = await talker.read(0, length);
        expect({ error, message }).toEqual({
          error: ERROR.io,
          message: options.structured ? 'the disk is broken' : '',
        });
      }
      device.failing.clear();
      expect((await talker.read(0, MIB)).error).toBe(0);
    }
  });

  it('that waits holds up no other', async () => {
    const { device, talker } = await onDisk(MIB);
    device.hold('read');
    const slow = talker.send({ command: COMMAND.read, offset: 0, length: 4096 });
    await until(() => device.waiting('read') === 1);
    expect((await talker.request({ command: COMMAND.flush })).error).toBe(0);
    device.release('read');
    expect((await talker.answersUntil(slow)).get(slow)?.error).toBe(0);
  });
});

describe('a write', () => {
  it('stores what the client sends, however long and wherever', async () => {
    for (const options of BOTH) {
      const { device, talker } = await onDisk(4 * MIB, options);
      const model = device.bytes.slice();
      for (const [offset, length] of [
        [0, 1],
        [511, 514],
        [65_535, 2],
        [100_000, 1_500_000],
        [1, 3 * MIB],
        [4 * MIB - 1, 1],
      ] as const) {
        const payload = pattern(length, length);
        expect((await talker.write(offset, payload)).error).toBe(0);
        model.set(payload, offset);
        expect(Buffer.compare(device.bytes, model)).toBe(0);
      }
    }
  });

  it('of nothing succeeds', async () => {
    const { device, talker } = await onDisk(MIB);
    expect((await talker.write(MIB, new Uint8Array())).error).toBe(0);
    expect(device.log).toEqual([]);
  });

  it('goes to the disk in pieces that end where clusters do', async () => {
    const { device, talker } = await onDisk(4 * MIB);
    await talker.write(1000, new Uint8Array(2 * MIB));
    const ends = device.log.map((entry) => {
      const [offset = 0, length = 0] = entry.replace('write ', '').split('+').map(Number);
      return offset + length;
    });
    expect(ends.length).toBeGreaterThan(2);
    for (const end of ends.slice(0, -1)) expect(end % (64 * KIB)).toBe(0);
    expect(ends.at(-1)).toBe(1000 + 2 * MIB);
  });

  it('keeps its data while the disk takes its time', async () => {
    const { device, talker } = await onDisk(8 * MIB);
    device.hold('write');
    const model = device.bytes.slice();
    const cookies = Array.from({ length: 40 }, (_, index) => {
      const payload = pattern(20_000, index + 1);
      model.set(payload, index * 30_000);
      return talker.send({ command: COMMAND.write, offset: index * 30_000, payload });
    });
    await until(() => device.waiting('write') === 40);
    device.release('write');
    for (const [cookie] of await all(talker, cookies)) expect(cookies).toContain(cookie);
    expect(Buffer.compare(device.bytes, model)).toBe(0);
  });

  it('that fails in one place fails as a whole', async () => {
    const { device, talker } = await onDisk(4 * MIB);
    device.failing.set('write', err('no-space', 'the disk is full', { errno: 'ENOSPC' }));
    expect(await talker.write(0, new Uint8Array(2 * MIB))).toMatchObject({
      error: ERROR.nospc,
      message: 'the disk is full',
    });
  });

  it('that is refused does not disturb what comes behind it', async () => {
    for (const options of BOTH) {
      const { device, talker } = await onDisk(MIB, options);
      const before = device.bytes.slice();
      expect((await talker.write(MIB - 100, new Uint8Array(200_000))).error).toBe(ERROR.nospc);
      expect((await talker.write(0, new Uint8Array(64 * KIB), 1 << 9)).error).toBe(ERROR.inval);
      expect(Buffer.compare(device.bytes, before)).toBe(0);
      expect((await talker.read(0, 512)).error).toBe(0);
    }
  });

  it('with FUA is answered when it is durable', async () => {
    const { device, talker } = await onDisk(MIB);
    device.hold('flush');
    const cookie = talker.send({
      command: COMMAND.write,
      offset: 512,
      payload: new Uint8Array(512),
      flags: COMMAND_FLAG.fua,
    });
    await until(() => device.waiting('flush') === 1);
    expect(device.log).toEqual(['write 512+512']);
    expect((await talker.read(0, 1)).error).toBe(0);
    device.release('flush');
    expect((await talker.answersUntil(cookie)).get(cookie)?.error).toBe(0);
    device.failing.set('flush', err('io', 'the sync failed'));
    expect((await talker.write(0, new Uint8Array(1), COMMAND_FLAG.fua)).error).toBe(ERROR.io);
  });
});

describe('a flush', () => {
  it('covers what came over other connections', async () => {
    const device = new WatchedDevice(MIB);
    const { socket } = await serveNbd([{ name: '', device }]);
    const [one, other] = [await NbdTalker.open(socket), await NbdTalker.open(socket)];
    await one.write(0, new Uint8Array(512));
    expect((await other.request({ command: COMMAND.flush })).error).toBe(0);
    expect(device.log).toEqual(['write 0+512', 'flush']);
  });

  it('has no offset, length or flags', async () => {
    const { talker } = await onDisk(MIB);
    for (const odd of [{ offset: 512 }, { length: 512 }, { flags: COMMAND_FLAG.df }]) {
      expect((await talker.request({ command: COMMAND.flush, ...odd })).error).toBe(ERROR.inval);
    }
  });
});

describe('zeroes', () => {
  const zeroes = (talker: NbdTalker, flags: number) =>
    talker.request({ command: COMMAND.writeZeroes, offset: 4096, length: 8192, flags });

  it('are marked where that will do, and written where space is asked for', async () => {
    const { device, talker } = await onDisk(MIB, {}, { fastZeroes: true });
    expect((await zeroes(talker, 0)).error).toBe(0);
    expect((await zeroes(talker, COMMAND_FLAG.noHole)).error).toBe(0);
    expect((await zeroes(talker, COMMAND_FLAG.fastZero | COMMAND_FLAG.fua)).error).toBe(0);
    expect(device.log).toEqual(['zero 4096+8192', 'write 4096+8192', 'zero 4096+8192', 'flush']);
  });

  it('that are to be fast are refused where they are not, and nothing is changed', async () => {
    const { device, talker } = await onDisk(MIB, {}, { fastZeroes: true });
    expect((await zeroes(talker, COMMAND_FLAG.fastZero | COMMAND_FLAG.noHole)).error).toBe(ERROR.notsup);
    const slow = await onDisk(MIB);
    expect((await zeroes(slow.talker, COMMAND_FLAG.fastZero)).error).toBe(ERROR.notsup);
    expect((await zeroes(slow.talker, 0)).error).toBe(0);
    expect([device.log, slow.device.log]).toEqual([[], ['zero 4096+8192']]);
  });

  it('may be more than one request may carry', async () => {
    const { talker } = await onDisk(48 * MIB);
    const request = { command: COMMAND.writeZeroes, offset: 0, length: 48 * MIB };
    expect((await talker.request(request)).error).toBe(0);
  });
});

describe('a trim', () => {
  it('tells the disk what nobody needs any more', async () => {
    const { device, talker } = await onDisk(MIB);
    const trim = { command: COMMAND.trim, offset: 512, length: 100_000 };
    expect((await talker.request(trim)).error).toBe(0);
    expect(device.log).toEqual(['discard 512+100000']);
  });
});

describe('a cache request', () => {
  it('has read what is not stored here, and nothing else, and sends nothing', async () => {
    const { device, talker } = await onDisk(MIB);
    device.kindAt = (offset) => (offset < 300 * KIB ? 'unallocated' : 'data');
    const cache = { command: COMMAND.cache, offset: 100 * KIB, length: 500 * KIB };
    expect(await talker.request(cache)).toMatchObject({ error: 0, chunks: [] });
    expect(device.log).toEqual([`read ${100 * KIB}+${200 * KIB}`]);
  });
});

describe('a request that cannot be met', () => {
  it('outside the disk gets the error the protocol names', async () => {
    const { talker } = await onDisk(MIB, { contexts: ['base:allocation'] });
    for (const [command, error] of [
      [COMMAND.read, ERROR.inval],
      [COMMAND.trim, ERROR.inval],
      [COMMAND.cache, ERROR.inval],
      [COMMAND.blockStatus, ERROR.inval],
      [COMMAND.writeZeroes, ERROR.nospc],
    ] as const) {
      for (const [offset, length] of [
        [MIB, 1],
        [MIB - 1, 2],
        [0, MIB + 1],
        [2 ** 40, 512],
        [2n ** 63n, 512],
        [2n ** 64n - 1n, 1],
      ] as const) {
        const answer = await talker.request({ command, offset, length });
        expect(answer.error, `${command} ${offset}+${length}`).toBe(error);
      }
    }
    expect((await talker.write(MIB - 1, new Uint8Array(2))).error).toBe(ERROR.nospc);
  });

  it('of a kind or with a flag nobody knows is invalid', async () => {
    const { talker } = await onDisk(MIB);
    for (const [command, flags] of [
      [8, 0],
      [9, 0],
      [0xffff, 0],
      [COMMAND.read, COMMAND_FLAG.noHole],
      [COMMAND.read, 1 << 15],
      [COMMAND.trim, COMMAND_FLAG.noHole],
      [COMMAND.cache, COMMAND_FLAG.df],
      [COMMAND.writeZeroes, COMMAND_FLAG.df],
      [COMMAND.blockStatus, 0],
    ] as const) {
      expect((await talker.request({ command, flags, length: 512 })).error).toBe(ERROR.inval);
    }
    const simple = await onDisk(MIB, { structured: false });
    expect((await simple.talker.read(0, 512, COMMAND_FLAG.df)).error).toBe(ERROR.inval);
    expect((await simple.talker.read(0, 512, COMMAND_FLAG.fua)).error).toBe(0);
  });

  it('for more than the largest block is invalid', async () => {
    const { talker } = await onDisk(MIB, {}, { blockSizes: { minimum: 1, preferred: 4096, maximum: 8192 } });
    expect((await talker.read(0, 8193)).error).toBe(ERROR.inval);
    expect((await talker.write(0, new Uint8Array(8193))).error).toBe(ERROR.inval);
    expect((await talker.read(0, 8192)).error).toBe(0);
  });

  it('between the smallest blocks is invalid, where they are larger than a byte', async () => {
    const sizes = { minimum: 512, preferred: 4096, maximum: MIB };
    const { device, talker } = await onDisk(MIB, {}, { blockSizes: sizes });
    for (const [offset, length] of [
      [1, 512],
      [0, 511],
      [256, 256],
    ] as const) {
      expect((await talker.read(offset, length)).error).toBe(ERROR.inval);
      expect((await talker.write(offset, new Uint8Array(length))).error).toBe(ERROR.inval);
    }
    expect((await talker.write(512, new Uint8Array(512))).error).toBe(0);
    expect(device.log).toEqual(['write 512+512']);
  });

  it('writes to what is read-only', async () => {
    const device = new WatchedDevice(MIB);
    const talker = await talkTo({ device, readOnly: true });
    for (const command of [COMMAND.trim, COMMAND.writeZeroes]) {
      expect((await talker.request({ command, length: 512 })).error).toBe(ERROR.perm);
    }
    expect((await talker.write(0, new Uint8Array(512))).error).toBe(ERROR.perm);
    expect((await talker.request({ command: COMMAND.flush })).error).toBe(0);
    expect(device.log).toEqual(['flush']);
  });
});

describe('a block status', () => {
  async function overlay() {
    const base = new MemoryDevice(512 * KIB);
    unwrap(await base.write(0, new Uint8Array(128 * KIB).fill(1)));
    const { device } = await newQed(
      { imageBytes: MIB, clusterBytes: 64 * KIB, backing: { name: 'b', raw: true } },
      base,
    );
    unwrap(await device.write(64 * KIB, new Uint8Array(64 * KIB).fill(2)));
    unwrap(await device.writeZeroes(192 * KIB, 64 * KIB));
    return device;
  }
  const inClusters = (states: readonly { length: number; flags: number }[]) =>
    states.map(({ length, flags }) => [length / (64 * KIB), flags]);

  it('tells what reads as zeroes, in which layer it is, and what is still to come', async () => {
    const contexts = ['base:allocation', 'qemu:allocation-depth', 'headwater:source'];
    const talker = await talkTo({ device: await overlay() }, { contexts });
    const answer = await talker.request({ command: COMMAND.blockStatus, length: MIB });
    expect(inClusters(statusOf(answer, 1))).toEqual([
      [2, 0],
      [14, 3],
    ]);
    expect(inClusters(statusOf(answer, 2))).toEqual([
      [1, 2],
      [1, 1],
      [1, 2],
      [1, 1],
      [12, 2],
    ]);
    expect(inClusters(statusOf(answer, 3))).toEqual([
      [1, 1],
      [1, 0],
      [1, 1],
      [1, 0],
      [4, 1],
      [8, 0],
    ]);
  });

  it('tells one state when asked for one, from any byte on', async () => {
    const talker = await talkTo({ device: await overlay() }, { contexts: ['base:allocation'] });
    for (const [offset, length, state] of [
      [0, MIB, { length: 128 * KIB, flags: 0 }],
      [100, 50, { length: 50, flags: 0 }],
      [130 * KIB, MIB - 130 * KIB, { length: MIB - 130 * KIB, flags: 3 }],
    ] as const) {
      const request = { command: COMMAND.blockStatus, offset, length, flags: COMMAND_FLAG.requestOne };
      expect(statusOf(await talker.request(request))).toEqual([state]);
    }
  });

  it('has an end, however chopped the disk is', async () => {
    const device = new WatchedDevice(4 * MIB);
    device.kindAt = (offset) => (Math.floor(offset / 512) % 2 === 0 ? 'data' : 'zero');
    const talker = await talkTo({ device }, { contexts: ['base:allocation'] });
    const states = statusOf(await talker.request({ command: COMMAND.blockStatus, length: 4 * MIB }));
    expect(states).toHaveLength(2048);
    expect(states[0]).toEqual({ length: 512, flags: 0 });
  });

  it('of nothing is invalid', async () => {
    const { talker } = await onDisk(MIB, { contexts: ['base:allocation'] });
    expect((await talker.request({ command: COMMAND.blockStatus, length: 0 })).error).toBe(ERROR.inval);
  });
});

async function all(talker: NbdTalker, cookies: readonly bigint[]) {
  const answers = new Map<bigint, { error: number }>();
  while (answers.size < cookies.length) {
    const [cookie, answer] = await talker.nextAnswer();
    expect(answer.error).toBe(0);
    answers.set(cookie, answer);
  }
  return answers;
}
