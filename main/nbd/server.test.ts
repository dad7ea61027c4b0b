import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { KIB, MIB } from '../../shared/units.ts';
import { SimulatedClock, until } from '../../test/support/simulated-clock.ts';
import { MemoryDevice } from '../../test/support/memory-device.ts';
import { COMMAND, ERROR, REPLY } from '../block/nbd/protocol.ts';
import { serveNbd } from '../../test/support/nbd-served.ts';
import { NbdTalker } from '../../test/support/nbd-talker.ts';
import { WatchedDevice } from '../../test/support/watched-device.ts';

/** Another client, by whose answers a test knows that the server has had the time to do what it would do. */
async function bystander(socket: string): Promise<() => Promise<void>> {
  const talker = await NbdTalker.open(socket, { exportName: 'other' });
  return async () => {
    for (let times = 0; times < 20; times++) expect((await talker.read(0, 512)).error).toBe(0);
  };
}
const OTHER = { name: 'other', device: new MemoryDevice(MIB) };

describe('a client', () => {
  it('is told of when it comes and when it has gone', async () => {
    const { socket, changes, server } = await serveNbd([{ name: 'a', device: new MemoryDevice(MIB) }]);
    const talker = await NbdTalker.open(socket);
    expect(server.clients).toBe(1);
    talker.send({ command: COMMAND.disconnect });
    await talker.closed;
    await until(() => server.clients === 0);
    expect(changes).toEqual([
      { kind: 'came', exportName: null, clients: 1 },
      { kind: 'left', exportName: 'a', clients: 0 },
    ]);
  });

  it('that disconnects has everything it asked for done, and answered', async () => {
    const device = new WatchedDevice(MIB);
    const { socket } = await serveNbd([{ name: '', device }]);
    const talker = await NbdTalker.open(socket);
    device.hold('write');
    const write = talker.send({ command: COMMAND.write, payload: new Uint8Array(512).fill(1) });
    talker.send({ command: COMMAND.disconnect });
    await until(() => device.waiting('write') === 1);
    device.release('write');
    expect((await talker.answersUntil(write)).get(write)?.error).toBe(0);
    await talker.closed;
    expect(device.bytes[511]).toBe(1);
  });

  it('that leaves in the middle of a write leaves nothing behind', async () => {
    const device = new WatchedDevice(MIB);
    const { socket, server } = await serveNbd([{ name: '', device }]);
    const talker = await NbdTalker.open(socket);
    talker.send({ command: COMMAND.write, length: 64 * KIB });
    talker.socket.end(Buffer.alloc(1000));
    await until(() => server.clients === 0);
    expect(device.log).toEqual([]);
  });

  it('that does not say what it wants is not waited for', async () => {
    const clock = new SimulatedClock();
    const { socket, server } = await serveNbd([{ name: '', device: new MemoryDevice(MIB) }], { clock });
    const mute = await NbdTalker.connect(socket);
    const slow = await NbdTalker.connect(socket);
    await slow.greet();
    const chosen = await NbdTalker.open(socket);
    expect(server.clients).toBe(3);
    await clock.advance(30_000);
    await Promise.all([mute.closed, slow.closed]);
    await clock.advance(3_600_000);
    expect((await chosen.read(0, 512)).error).toBe(0);
    expect(server.clients).toBe(1);
  });

  it('that breaks the protocol harms no other', async () => {
    const { socket } = await serveNbd([{ name: '', device: new MemoryDevice(MIB) }]);
    const good = await NbdTalker.open(socket);
    const bad = await NbdTalker.open(socket);
    bad.send({ command: COMMAND.read, length: 512, magic: 0x1234_5678 });
    await bad.closed;
    expect((await good.read(0, 512)).error).toBe(0);
  });

  it('that takes no answers is not read from any more, and served when it does', async () => {
    const device = new WatchedDevice(64 * MIB);
    const { socket } = await serveNbd([{ name: '', device }, OTHER]);
    const othersAreServed = await bystander(socket);
    const talker = await NbdTalker.open(socket);
    talker.socket.pause();
    const cookies = Array.from({ length: 400 }, (_, index) =>
      talker.send({ command: COMMAND.read, offset: index * 64 * KIB, length: 64 * KIB }),
    );
    const quiet = async () => {
      for (let before = -1; before !== device.log.length;) {
        before = device.log.length;
        await othersAreServed();
      }
    };
    await quiet();
    // Four megabytes in memory, and what the system's own buffers take.
    expect(device.log.length).toBeLessThan(100);
    talker.socket.resume();
    const answered = new Set<bigint>();
    while (answered.size < cookies.length) answered.add((await talker.nextAnswer())[0]);
    expect(device.log).toHaveLength(400);
  });

  it('may ask for more than is held in memory at once', async () => {
    const device = new WatchedDevice(64 * MIB);
    device.bytes.fill(9);
    const { socket } = await serveNbd([{ name: '', device }]);
    for (const structured of [true, false]) {
      const talker = await NbdTalker.open(socket, { structured });
      const { error, data } = await talker.read(100, 32 * MIB);
      expect(error).toBe(0);
      expect(data.equals(Buffer.alloc(32 * MIB, 9))).toBe(true);
      expect((await talker.write(5, Buffer.alloc(32 * MIB, 9))).error).toBe(0);
    }
  });

  it('may have many requests under way; the rest waits its turn', async () => {
    const device = new WatchedDevice(MIB);
    const { socket } = await serveNbd([{ name: '', device }, OTHER]);
    const othersAreServed = await bystander(socket);
    const talker = await NbdTalker.open(socket);
    device.hold('read');
    const cookies = Array.from({ length: 500 }, (_, index) =>
      talker.send({ command: COMMAND.read, offset: index, length: 1 }),
    );
    await until(() => device.waiting('read') === 128);
    await othersAreServed();
    expect(device.waiting('read')).toBe(128);
    device.release('read');
    const answered = new Set<bigint>();
    while (answered.size < cookies.length) answered.add((await talker.nextAnswer())[0]);
    expect(device.log).toHaveLength(500);
  });
});

describe('a limit of clients', () => {
  it('has further ones wait until one leaves', async () => {
    const { socket, server } = await serveNbd([{ name: '', device: new MemoryDevice(MIB) }], {
      maxClients: 1,
    });
    const first = await NbdTalker.open(socket);
    const second = await NbdTalker.connect(socket);
    const greeted = second.greet();
    expect((await first.read(0, 512)).error).toBe(0);
    expect(server.clients).toBe(1);
    first.socket.destroy();
    await greeted;
    await second.go();
    expect((await second.read(0, 512)).error).toBe(0);
  });

  it('turns away who waits behind too many', async () => {
    const { socket } = await serveNbd([{ name: '', device: new MemoryDevice(MIB) }], { maxClients: 1 });
    await NbdTalker.open(socket);
    const waiting = await Promise.all(Array.from({ length: 64 }, () => NbdTalker.connect(socket)));
    const surplus = await NbdTalker.connect(socket);
    await surplus.closed;
    expect(waiting.every((talker) => !talker.socket.destroyed)).toBe(true);
  });

  it('is not used up by clients that say nothing', async () => {
    const clock = new SimulatedClock();
    const options = { maxClients: 1, clock };
    const { socket } = await serveNbd([{ name: '', device: new MemoryDevice(MIB) }], options);
    const mute = await NbdTalker.connect(socket);
    await mute.take(18);
    const waiting = await NbdTalker.connect(socket);
    await clock.advance(30_000);
    await waiting.greet();
    await waiting.go();
    expect((await waiting.read(0, 512)).error).toBe(0);
  });
});

describe('the end of a server', () => {
  it('answers what is under way, refuses what comes, and lets nobody in', async () => {
    const device = new WatchedDevice(MIB);
    const { socket, server } = await serveNbd([{ name: '', device }]);
    const talker = await NbdTalker.open(socket);
    device.hold('read');
    const slow = talker.send({ command: COMMAND.read, length: 512 });
    await until(() => device.waiting('read') === 1);
    const closed = server.close();
    const refused = await talker.write(0, new Uint8Array(100_000));
    expect(refused).toMatchObject({ error: ERROR.shutdown, message: 'the server is being shut down' });
    await expect(NbdTalker.connect(socket)).rejects.toThrow();
    device.release('read');
    expect((await talker.answersUntil(slow)).get(slow)?.error).toBe(0);
    await Promise.all([closed, talker.closed]);
    expect(device.log).toEqual(['read 0+512']);
    expect(await server.listen({ kind: 'unix', path: socket })).toMatchObject({ ok: false });
  });

  it.each([true, false])(
    'refuses what the disk does not answer in time (structured: %s)',
    async (structured) => {
      const clock = new SimulatedClock();
      const device = new WatchedDevice(MIB);
      const { socket, server } = await serveNbd([{ name: '', device }], { clock });
      const talker = await NbdTalker.open(socket, { structured });
      device.hold('read');
      const waiting = [512, MIB].map((length) => talker.send({ command: COMMAND.read, length }));
      expect((await talker.request({ command: COMMAND.flush })).error).toBe(0);
      // Another client keeps the rest of a write to itself.
      const silent = await NbdTalker.open(socket, { structured });
      silent.send({ command: COMMAND.write, length: 4096, payload: Buffer.alloc(100) });
      await until(() => device.waiting('read') >= 2);
      await clock.drive(server.close());
      for (let answers = 0; answers < waiting.length; answers++) {
        const [cookie, { error }] = await talker.nextAnswer();
        expect(waiting).toContain(cookie);
        expect(error).toBe(ERROR.shutdown);
      }
      await Promise.all([talker.closed, silent.closed]);
      // What the disk comes up with now goes nowhere.
      device.release('read');
      await new Promise((resolve) => setImmediate(resolve));
      expect(talker.unreadBytes).toBe(0);
    },
  );

  it('does not wait for clients that take no answers, in the midst of one', async () => {
    const clock = new SimulatedClock();
    const device = new WatchedDevice(32 * MIB);
    device.bytes.fill(9);
    const { socket, server } = await serveNbd([{ name: '', device }], { clock });
    const talker = await NbdTalker.open(socket);
    talker.socket.pause();
    talker.send({ command: COMMAND.read, length: 8 * MIB });
    await until(() => device.log.length > 0);
    await clock.drive(server.close());
  });

  it('ends those who are still choosing, and those who wait', async () => {
    const { socket, server } = await serveNbd([{ name: '', device: new MemoryDevice(MIB) }], {
      maxClients: 1,
    });
    const choosing = await NbdTalker.connect(socket);
    await choosing.greet();
    const waiting = await NbdTalker.connect(socket);
    await server.close();
    await Promise.all([choosing.closed, waiting.closed]);
  });
});

describe('the exports of a server', () => {
  it('may change while it runs; who uses one that goes is let go', async () => {
    const { socket, server } = await serveNbd([
      { name: 'one', device: new MemoryDevice(MIB) },
      { name: 'two', device: new MemoryDevice(MIB) },
    ]);
    const [one, two] = [
      await NbdTalker.open(socket, { exportName: 'one' }),
      await NbdTalker.open(socket, { exportName: 'two' }),
    ];
    await server.remove('one');
    await one.closed;
    expect((await two.read(0, 512)).error).toBe(0);
    const late = await NbdTalker.connect(socket);
    await late.greet();
    expect((await late.go('one')).map(({ type }) => type)).toEqual([REPLY.errUnknown]);
    unwrap(server.add({ name: 'one', device: new MemoryDevice(3 * MIB) }));
    await late.go('one');
    expect(late.size).toBe(3 * MIB);
  });

  it('have names of their own, of bounded length', async () => {
    const { server } = await serveNbd([{ name: 'one', device: new MemoryDevice(MIB) }]);
    const device = new MemoryDevice(MIB);
    expect(server.add({ name: 'one', device })).toMatchObject({ failure: { code: 'already-exists' } });
    for (const name of ['a\0b', 'x'.repeat(4097)]) {
      expect(server.add({ name, device })).toMatchObject({ failure: { code: 'invalid-argument' } });
    }
  });

  it('have the size that their disk has when they are chosen', async () => {
    const device = new WatchedDevice(MIB);
    const { socket } = await serveNbd([{ name: '', device }]);
    const before = await NbdTalker.open(socket);
    device.bytes = new Uint8Array(2 * MIB);
    const after = await NbdTalker.open(socket);
    expect([before.size, after.size]).toEqual([MIB, 2 * MIB]);
    expect((await after.read(2 * MIB - 1, 1)).error).toBe(0);
  });

  it('can be had over TCP too, at a port that is told', async () => {
    const { server } = await serveNbd([{ name: '', device: new MemoryDevice(MIB) }]);
    const address = unwrap(await server.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }));
    expect(address).toMatchObject({ kind: 'tcp', host: '127.0.0.1' });
    if (address.kind !== 'tcp') return;
    const talker = await NbdTalker.open(address.port);
    expect((await talker.read(0, MIB)).error).toBe(0);
  });
});
