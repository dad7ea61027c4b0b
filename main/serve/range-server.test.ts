import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { DONE, unwrap } from '../../shared/result.ts';
import { KIB } from '../../shared/units.ts';
import { type HttpDevice, openHttpDevice } from '../block/http/http-device.ts';
import { SimulatedClock } from '../../test/support/simulated-clock.ts';
import type { Answered } from './answer.ts';
import { type RangeServer, type RangeServerOptions, startRangeServer } from './range-server.ts';

const CONTENT = Buffer.from(
  Uint8Array.from({ length: 300 * KIB }, (_, index) => (index * 31 + (index >> 8)) & 0xff),
);
let folder = '';
const toClose: { close(): unknown }[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headwater-serve-'));
  await mkdir(join(folder, 'masters', 'deep er'), { recursive: true });
  await writeFile(join(folder, 'masters', 'disk.raw'), CONTENT);
  await writeFile(join(folder, 'masters', 'deep er', 'ä.raw'), 'nested');
  await writeFile(join(folder, 'masters', 'empty'), '');
  await writeFile(join(folder, 'secret'), 'outside');
  await symlink(join(folder, 'secret'), join(folder, 'masters', 'way-out'));
  await symlink('disk.raw', join(folder, 'masters', 'way-within'));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(async () => {
  for (const thing of toClose.splice(0)) await thing.close();
});

async function start(options: Partial<RangeServerOptions> = {}): Promise<RangeServer> {
  const server = unwrap(
    await startRangeServer({ root: join(folder, 'masters'), clock: systemClock, ...options }),
  );
  toClose.push(server);
  return server;
}

interface Reply {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** Sends the path just as it is, which fetch does not. */
function get(
  server: RangeServer,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Reply> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    httpRequest({ hostname, port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    })
      .on('error', reject)
      .end();
  });
}

describe('the range server', () => {
  it('serves whole files and says that it knows ranges', async () => {
    const reply = await get(await start(), '/disk.raw?x=1');
    expect(reply).toMatchObject({
      status: 200,
      headers: { 'accept-ranges': 'bytes', 'content-length': '307200' },
    });
    expect(reply.body.equals(CONTENT)).toBe(true);
  });

  it('serves ranges', async () => {
    const reply = await get(await start(), '/disk.raw', { Range: 'bytes=1000-1999' });
    expect(reply).toMatchObject({
      status: 206,
      headers: { 'content-range': 'bytes 1000-1999/307200', 'content-length': '1000' },
    });
    expect(reply.body.equals(CONTENT.subarray(1000, 2000))).toBe(true);
  });

  it('says how long a file is that ends before the range', async () => {
    const reply = await get(await start(), '/disk.raw', { Range: 'bytes=307200-' });
    expect(reply).toMatchObject({ status: 416, headers: { 'content-range': 'bytes */307200' } });
  });

  it('answers HEAD without a body', async () => {
    const reply = await get(await start(), '/disk.raw', {}, 'HEAD');
    expect(reply).toMatchObject({ status: 200, headers: { 'content-length': '307200' } });
    expect(reply.body).toHaveLength(0);
  });

  it('serves a range only of the version that If-Range names', async () => {
    const server = await start();
    const { headers } = await get(server, '/disk.raw', {}, 'HEAD');
    const status = async (ifRange: unknown) =>
      (await get(server, '/disk.raw', { Range: 'bytes=0-0', 'If-Range': String(ifRange) })).status;
    expect(await status(headers['etag'])).toBe(206);
    expect(await status(headers['last-modified'])).toBe(206);
    expect(await status('"another"')).toBe(200);
    expect(await status(`W/${String(headers['etag'])}`)).toBe(200);
  });

  it('does not send again what If-None-Match says is known', async () => {
    const server = await start();
    const { headers } = await get(server, '/disk.raw', {}, 'HEAD');
    const known = async (tags: unknown) =>
      (await get(server, '/disk.raw', { 'If-None-Match': String(tags) })).status;
    expect(await known(headers['etag'])).toBe(304);
    expect(await known(`"another", W/${String(headers['etag'])}`)).toBe(304);
    expect(await known('"another"')).toBe(200);
  });

  it('gives a file another entity tag when it is written to', async () => {
    const server = await start();
    await writeFile(join(folder, 'masters', 'changing'), 'one');
    const before = await get(server, '/changing');
    expect(before.headers['etag']).toMatch(/^"[0-9a-f-]+"$/);
    await writeFile(join(folder, 'masters', 'changing'), 'three');
    expect((await get(server, '/changing')).headers['etag']).not.toBe(before.headers['etag']);
  });

  it('uses the entity tag it was given', async () => {
    expect((await get(await start({ etag: '"mine"' }), '/disk.raw')).headers['etag']).toBe('"mine"');
  });

  it('serves files in folders, with any name, and links that stay within', async () => {
    const server = await start();
    expect((await get(server, '/deep%20er/%C3%A4.raw')).body.toString()).toBe('nested');
    expect((await get(server, '/empty')).status).toBe(200);
    expect((await get(server, '/way-within')).status).toBe(200);
  });

  it.each([
    '/../secret',
    '/..%2fsecret',
    '/%2e%2e/secret',
    '/deep%20er/../../secret',
    '//secret',
    '/way-out',
    '/',
    '/deep%20er',
    '/missing',
    '/disk.raw/',
    '/%zz',
    '/disk.raw%00',
    '*',
  ])('finds nothing at %s', async (path) => {
    expect((await get(await start(), path)).status).toBe(404);
  });

  it('accepts no other methods', async () => {
    expect(await get(await start(), '/disk.raw', {}, 'DELETE')).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    });
  });

  it('serves a single file under its name and nothing beside it', async () => {
    const server = await start({ root: join(folder, 'masters', 'disk.raw') });
    expect(server.url).toMatch(/\/disk\.raw$/);
    expect((await get(server, '/disk.raw')).status).toBe(200);
    expect((await get(server, '/empty')).status).toBe(404);
    expect((await get(server, '/masters/disk.raw')).status).toBe(404);
  });

  it('counts and tells what it served', async () => {
    const seen: Answered[] = [];
    const server = await start({ onRequest: (answered) => seen.push(answered) });
    await get(server, '/disk.raw', { Range: 'bytes=5-14' });
    await get(server, '/nothing');
    expect(server.statistics()).toEqual({ requests: 2, bytesSent: 10 });
    expect(seen).toEqual([
      { method: 'GET', path: '/disk.raw', status: 206, range: { offset: 5, length: 10 } },
      { method: 'GET', path: '/nothing', status: 404, range: null },
    ]);
  });

  it('refuses to start on what is not there, or on a port that is taken', async () => {
    const missing = join(folder, 'missing');
    expect(await startRangeServer({ root: missing, clock: systemClock })).toMatchObject({
      failure: { code: 'not-found', message: `'${missing}' does not exist` },
    });
    const { port } = new URL((await start()).url);
    const taken = await startRangeServer({ root: folder, clock: systemClock, port: Number(port) });
    expect(taken).toMatchObject({ failure: { code: 'busy', errno: 'EADDRINUSE' } });
  });
});

describe('a device on the range server', () => {
  async function open(server: RangeServer): Promise<HttpDevice> {
    const device = unwrap(await openHttpDevice(server.url, { clock: systemClock }));
    toClose.push(device);
    return device;
  }
  const disk = () => ({ root: join(folder, 'masters', 'disk.raw') });

  it('reads what the file holds', async () => {
    const device = await open(await start(disk()));
    const target = new Uint8Array(CONTENT.length - 3);
    expect(await device.read(3, target)).toEqual(DONE);
    expect(CONTENT.subarray(3).equals(target)).toBe(true);
  });

  it('takes on a simulated line no less time than its bytes and round trips need', async () => {
    const clock = new SimulatedClock(0);
    const link = { bitsPerSecond: 8e6, roundTripMs: 30 };
    const server = await start({ ...disk(), clock, link });
    const device = await clock.drive(open(server));
    const before = clock.now();
    const reads = Promise.all(
      [0, 1, 2].map((index) => device.read(index * 100_000, new Uint8Array(100_000))),
    );
    expect(await clock.drive(reads)).toEqual([DONE, DONE, DONE]);
    expect(clock.now() - before).toBeGreaterThanOrEqual(30 + 300);
    expect(server.statistics().bytesSent).toBe(1 + 300_000);
  });

  it('waits while the server is paused, and goes on', async () => {
    const server = await start(disk());
    const device = await open(server);
    const other = await open(await start(disk()));
    server.pause();
    let done = false;
    const reading = device.read(0, new Uint8Array(100)).finally(() => (done = true));
    // One that is not paused has answered many times by then.
    for (let times = 0; times < 20; times++) expect(await other.read(0, new Uint8Array(100))).toEqual(DONE);
    expect(done).toBe(false);
    server.resume();
    expect(await reading).toEqual(DONE);
  });

  it('loses its source when the server is dropped, and finds it again when it is restored', async () => {
    const server = await start(disk());
    const device = await open(server);
    server.pause();
    const reading = device.read(0, new Uint8Array(100));
    await server.drop();
    expect(await reading).toMatchObject({ failure: { code: 'source-unreachable' } });
    expect(await device.read(0, new Uint8Array(100))).toMatchObject({ failure: { errno: 'ECONNREFUSED' } });
    server.resume();
    expect(await server.restore()).toEqual(DONE);
    expect(await device.read(0, new Uint8Array(100))).toEqual(DONE);
  });

  it('notices that the file was replaced', async () => {
    const path = join(folder, 'masters', 'replaced');
    await writeFile(path, CONTENT);
    const device = await open(await start({ root: path }));
    await writeFile(path, CONTENT.subarray(1));
    expect(await device.read(0, new Uint8Array(4))).toMatchObject({ failure: { code: 'source-changed' } });
  });
});
