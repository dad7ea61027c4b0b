import { afterEach, describe, expect, it } from 'vitest';
import { DONE, unwrap } from '../../../shared/result.ts';
import { KIB } from '../../../shared/units.ts';
import { type HttpDeviceOptions, openHttpDevice } from './http-device.ts';
import { SimulatedClock, until } from '../../../test/support/simulated-clock.ts';
import { ScriptedServer, type Script, content, partial } from '../../../test/support/scripted-server.ts';

const toClose: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of toClose.splice(0)) await thing.close();
});

async function setUp(script: Script, options: Partial<HttpDeviceOptions> = {}) {
  const clock = new SimulatedClock(0);
  const server = await ScriptedServer.start(script);
  const device = unwrap(await openHttpDevice(server.url(), { clock, ...options }));
  toClose.push(device, server);
  return { clock, server, device };
}

/** Answers the probe; holds back what comes later until the test lets it go, in the order of arrival. */
function holding() {
  const held: (() => void)[] = [];
  const script: Script = (request) => {
    if (request.index === 0) return partial(request);
    held.push(() => request.socket.write(partial(request)));
    return undefined;
  };
  return { script, held, release: () => held.splice(0).forEach((answer) => answer()) };
}

const small = () => new Uint8Array(10);

describe('the pool of connections', () => {
  it('opens no more connections than allowed, and serves every request in the end', async () => {
    const { script, held, release } = holding();
    const { server, device } = await setUp(script, { connections: 3 });
    const reads = Array.from({ length: 10 }, (_, index) => device.read(index, small()));
    await until(() => held.length === 3);
    const serving = setInterval(release, 1);
    expect(await Promise.all(reads)).toEqual(Array(10).fill(DONE));
    clearInterval(serving);
    expect(server.sockets).toHaveLength(3);
    expect(server.requests.slice(1).map((request) => request.offset)).toHaveLength(10);
  });

  it('serves requests of one priority first come, first served', async () => {
    const { server, device } = await setUp((request) => partial(request), { connections: 1 });
    await Promise.all([5, 3, 9, 1].map((offset) => device.read(offset, small())));
    expect(server.requests.slice(1).map((request) => request.offset)).toEqual([5, 3, 9, 1]);
  });

  it('serves demand reads before background reads that came earlier', async () => {
    const { server, device } = await setUp((request) => partial(request), { connections: 1 });
    const background = device.background();
    const reads = [1, 2, 3].map((offset) => background.read(offset, small()));
    reads.push(device.read(100, small()));
    await Promise.all(reads);
    expect(server.requests.slice(1).map((request) => request.offset)).toEqual([1, 100, 2, 3]);
  });

  it('keeps a connection free of background reads', async () => {
    const { script, held, release } = holding();
    const { server, device } = await setUp(script, { connections: 3 });
    const background = device.background();
    const reads = Array.from({ length: 4 }, (_, index) => background.read(index, small()));
    await until(() => held.length === 2);
    reads.push(device.read(100, small()));
    await until(() => held.length === 3);
    expect(server.requests.at(-1)?.offset).toBe(100);
    const serving = setInterval(release, 1);
    await Promise.all(reads);
    clearInterval(serving);
  });

  it('lets short reads pass between the pieces of long ones', async () => {
    const { server, device } = await setUp((request) => partial(request), {
      connections: 2,
      pieceBytes: 4 * KIB,
    });
    const long = device.read(0, new Uint8Array(64 * KIB));
    const short = device.read(500_000, small());
    expect(await short).toEqual(DONE);
    expect(server.requests.length).toBeLessThan(8);
    expect(await long).toEqual(DONE);
  });

  it('replaces a kept connection that the server closed meanwhile, without a word', async () => {
    const { server, device } = await setUp((request) => partial(request));
    await device.read(0, small());
    server.sockets[0]?.end();
    await until(() => server.sockets[0]?.closed === true);
    expect(await device.read(0, small())).toEqual(DONE);
    expect(server.sockets).toHaveLength(2);
  });

  it.each(['end', 'resetAndDestroy'] as const)(
    'tries again once when a kept connection goes away by %s',
    async (how) => {
      const { server, device } = await setUp((request) => {
        if (request.index === 1) request.socket[how]();
        return request.index === 1 ? undefined : partial(request);
      });
      const target = small();
      expect(await device.read(40, target)).toEqual(DONE);
      expect(Buffer.from(target)).toEqual(content(40, 10));
      expect(server.requests.map((request) => request.offset)).toEqual([0, 40, 40]);
    },
  );

  it('tries again no more than once', async () => {
    const { server, device } = await setUp((request) => {
      if (request.index > 0) request.socket.end();
      return request.index === 0 ? partial(request) : undefined;
    });
    expect(await device.read(40, small())).toMatchObject({ failure: { code: 'source-unreachable' } });
    expect(server.requests).toHaveLength(3);
  });

  it('does not use connections again that were quiet for more than 30 seconds', async () => {
    const { clock, server, device } = await setUp((request) => partial(request));
    await clock.advance(30_000);
    await device.read(0, small());
    expect(server.sockets).toHaveLength(1);
    await clock.advance(30_001);
    await device.read(0, small());
    expect(server.sockets).toHaveLength(2);
  });

  it('serves the next request on a new connection after a failure', async () => {
    const { device } = await setUp((request) => (request.index === 1 ? 'nonsense\r\n' : partial(request)));
    expect(await device.read(0, small())).toMatchObject({ failure: { code: 'malformed' } });
    expect(await device.read(0, small())).toEqual(DONE);
  });
});

describe('closing', () => {
  it('ends what is in flight and what waits, at once', async () => {
    const { script, held } = holding();
    const { server, device } = await setUp(script, { connections: 2 });
    const background = device.background();
    const reads = [0, 1, 2].map((offset) => device.read(offset, small()));
    reads.push(background.read(3, small()), device.read(0, new Uint8Array(64 * KIB)));
    await until(() => held.length === 2);
    expect(await device.close()).toEqual(DONE);
    const message = `${server.url()}: the device was closed`;
    for (const read of reads) expect(await read).toMatchObject({ failure: { code: 'closed', message } });
    expect(await background.read(0, small())).toMatchObject({ failure: { code: 'closed' } });
    expect(await device.read(0, small())).toMatchObject({ failure: { code: 'closed' } });
    expect(await device.close()).toEqual(DONE);
    await until(() => server.sockets.every((socket) => socket.closed));
  });

  it('of the background view leaves the device open', async () => {
    const { device } = await setUp((request) => partial(request));
    const background = device.background();
    expect(await background.read(0, small())).toEqual(DONE);
    await background.close();
    expect(await background.read(0, small())).toMatchObject({ failure: { code: 'closed' } });
    expect(await device.read(0, small())).toEqual(DONE);
  });
});
