import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { DONE, unwrap } from '../../../shared/result.ts';
import { KIB, MIB, TIB } from '../../../shared/units.ts';
import type { ExchangeSample } from './connection-pool.ts';
import { type HttpDevice, type HttpDeviceOptions, openHttpDevice } from './http-device.ts';
import { LOCALHOST_CERTIFICATE } from '../../../test/support/localhost-certificate.ts';
import {
  ScriptedServer,
  type Script,
  TOTAL_BYTES,
  content,
  head,
  partial,
} from '../../../test/support/scripted-server.ts';

const toClose: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of toClose.splice(0)) await thing.close();
});

async function serve(script: Script, host?: string) {
  const server = await ScriptedServer.start(script, host === undefined ? {} : { host });
  toClose.push(server);
  return server;
}

async function open(url: string, options: Partial<HttpDeviceOptions> = {}): Promise<HttpDevice> {
  const device = unwrap(await openHttpDevice(url, { clock: systemClock, ...options }));
  toClose.push(device);
  return device;
}

const honest: Script = (request) => partial(request);

describe('a device over HTTP', () => {
  it('knows its length and that it is remote and read-only', async () => {
    const server = await serve(honest);
    const device = await open(server.url('/disk.raw?sig=secret'));
    expect(device).toMatchObject({ lengthBytes: TOTAL_BYTES, remote: true, readOnly: true });
    expect(device.name).toBe(server.url('/disk.raw?…'));
    expect(device.identity).toEqual({ lengthBytes: TOTAL_BYTES, etag: '"one"', lastModified: null });
  });

  it('asks for exactly the range, uncompressed, of the source it opened', async () => {
    const server = await serve(honest);
    const device = await open(server.url());
    const target = new Uint8Array(1000);
    expect(await device.read(4097, target)).toEqual(DONE);
    expect(Buffer.from(target)).toEqual(content(4097, 1000));
    const { line, fields } = server.requests[1] ?? {};
    expect(line).toBe('GET /disk.raw HTTP/1.1');
    expect(Object.fromEntries(fields ?? [])).toEqual({
      host: `127.0.0.1:${server.port}`,
      'user-agent': 'Headwater',
      'accept-encoding': 'identity',
      'if-range': '"one"',
      range: 'bytes=4097-5096',
    });
  });

  it('reads bodies longer than one socket read, in shared memory too', async () => {
    const device = await open((await serve(honest)).url());
    const target = new Uint8Array(new SharedArrayBuffer(600 * KIB), 3, 500 * KIB);
    expect(await device.read(77, target)).toEqual(DONE);
    expect(Buffer.compare(Buffer.from(target), content(77, target.length))).toBe(0);
  });

  it('cuts long reads into pieces over several connections', async () => {
    const server = await serve(honest);
    const device = await open(server.url(), { connections: 3, pieceBytes: 64 * KIB });
    const target = new Uint8Array(TOTAL_BYTES - 5);
    expect(await device.read(5, target)).toEqual(DONE);
    expect(Buffer.compare(Buffer.from(target), content(5, target.length))).toBe(0);
    expect(server.requests).toHaveLength(1 + 16);
    expect(server.sockets).toHaveLength(3);
    expect(Math.max(...server.requests.map((request) => request.length))).toBe(64 * KIB);
  });

  it('keeps using one connection for reads one after the other', async () => {
    const server = await serve(honest);
    const device = await open(server.url());
    for (let index = 0; index < 10; index++)
      expect(await device.read(index, new Uint8Array(10))).toEqual(DONE);
    expect(server.sockets).toHaveLength(1);
  });

  it('reads from sources of many TiB', async () => {
    const totalBytes = 16 * TIB;
    const device = await open((await serve((request) => partial(request, { totalBytes }))).url());
    const target = new Uint8Array(16);
    expect(await device.read(totalBytes - 16, target)).toEqual(DONE);
    expect(Buffer.from(target)).toEqual(content(totalBytes - 16, 16));
  });

  it('opens an empty source', async () => {
    const device = await open(
      (await serve(() => head('HTTP/1.1 416 No', { 'Content-Range': 'bytes */0' }))).url(),
    );
    expect(device.lengthBytes).toBe(0);
    expect(await device.read(0, new Uint8Array(0))).toEqual(DONE);
  });

  it('refuses ranges outside, without a request', async () => {
    const server = await serve(honest);
    const device = await open(server.url());
    for (const offset of [-1, 0.5, TOTAL_BYTES - 3, 2 ** 60]) {
      expect(await device.read(offset, new Uint8Array(4))).toMatchObject({
        failure: { code: 'out-of-range' },
      });
    }
    expect(server.requests).toHaveLength(1);
  });

  it('describes itself as data throughout', async () => {
    const device = await open((await serve(honest)).url());
    expect(await device.extentAt(7, 100)).toMatchObject({
      value: { offset: 7, length: 100, kind: 'data', fileOffset: 7 },
    });
    expect(await device.extentAt(7, 0)).toMatchObject({ failure: { code: 'invalid-argument' } });
    expect(await device.extentAt(TOTAL_BYTES, 1)).toMatchObject({ failure: { code: 'out-of-range' } });
  });

  it('cannot be written', async () => {
    const device = await open((await serve(honest)).url());
    const refused = { failure: { code: 'read-only' } };
    expect(await device.write(0, new Uint8Array(1))).toMatchObject(refused);
    expect(await device.writeZeroes(0, 1)).toMatchObject(refused);
    expect(await device.discard(0, 1)).toMatchObject(refused);
    expect(await device.flush()).toEqual(DONE);
  });

  it('tells an observer how each request went', async () => {
    const samples: ExchangeSample[] = [];
    const device = await open((await serve(honest)).url(), { onExchange: (sample) => samples.push(sample) });
    await device.read(0, new Uint8Array(300 * KIB));
    expect(samples.map((sample) => sample.requestedBytes)).toEqual([1, 300 * KIB]);
    for (const { timeToFirstByteMs, totalMs } of samples) {
      expect(timeToFirstByteMs).toBeGreaterThan(0);
      expect(totalMs).toBeGreaterThanOrEqual(timeToFirstByteMs);
    }
  });

  it('sends the credentials of its address, and shows them in no message', async () => {
    const server = await serve((request) =>
      request.index === 0 ? partial(request) : head('HTTP/1.1 403 Forbidden'),
    );
    const device = await open(server.url().replace('//', '//jo:secret@'));
    expect(server.requests[0]?.fields.get('authorization')).toBe(`Basic ${btoa('jo:secret')}`);
    const failed = await device.read(0, new Uint8Array(4));
    expect(JSON.stringify([failed, device.name])).not.toContain('secret');
  });

  it('connects to IPv6 addresses', async () => {
    const server = await serve(honest, '::1');
    const device = await open(server.url('/disk.raw', '[::1]'));
    expect(await device.read(0, new Uint8Array(4))).toEqual(DONE);
    expect(server.requests[0]?.fields.get('host')).toBe(`[::1]:${server.port}`);
  });

  it.each([
    { connections: 0 },
    { connections: 1.5 },
    { connections: 65 },
    { pieceBytes: 0 },
    { noProgressTimeoutMs: 0 },
  ])('refuses the option %j', async (options) => {
    const result = await openHttpDevice('http://127.0.0.1:1/x', { clock: systemClock, ...options });
    expect(result).toMatchObject({ failure: { code: 'invalid-argument' } });
  });
});

describe('a device over HTTPS', () => {
  const secure = async () => {
    const server = await ScriptedServer.start(honest, { identity: LOCALHOST_CERTIFICATE });
    toClose.push(server);
    return server;
  };

  it('reads through an encrypted connection', async () => {
    const device = await open((await secure()).url(), { trustedCertificates: LOCALHOST_CERTIFICATE.cert });
    const target = new Uint8Array(MIB / 2);
    expect(await device.read(99, target)).toEqual(DONE);
    expect(Buffer.compare(Buffer.from(target), content(99, target.length))).toBe(0);
  });

  it('refuses a server whose certificate nobody vouches for', async () => {
    const result = await openHttpDevice((await secure()).url(), { clock: systemClock });
    expect(result).toMatchObject({
      failure: { code: 'source-refused', errno: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    });
  });

  it('refuses a server that does not speak TLS', async () => {
    const server = await serve(() => undefined);
    toClose.push({ close: () => clearInterval(answering) });
    // Answers like an HTTP server that got binary nonsense.
    const answering = setInterval(
      () => server.sockets.forEach((socket) => socket.write('HTTP/1.1 400 Bad\r\n\r\n')),
      5,
    );
    const result = await openHttpDevice(server.url().replace('http:', 'https:'), { clock: systemClock });
    expect(result).toMatchObject({ failure: { code: 'source-refused' } });
  });
});
