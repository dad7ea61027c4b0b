import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import zlib from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { unwrap } from '../../../shared/result.ts';
import { LOCALHOST_CERTIFICATE } from '../../../test/support/localhost-certificate.ts';
import { ScriptedServer, type Script } from '../../../test/support/scripted-server.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { fetchDocument, resolveLocation, withSuffix } from './document-source.ts';

const MOST = { mostBytes: 1000 };
const parts = { clock: systemClock };

async function serve(handler: http.RequestListener): Promise<string> {
  const server = http.createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/feed.json`;
}

async function scripted(script: Script): Promise<string> {
  const server = await ScriptedServer.start(script);
  onTestFinished(() => server.close());
  return server.url('/feed.json');
}

describe('a document on a web server', () => {
  it('is read whole, in chunks or not', async () => {
    const url = await serve((_request, response) => {
      response.setHeader('ETag', '"1"');
      response.write('{"a"');
      response.end(': 1}');
    });
    const fetched = unwrap(await fetchDocument(url, MOST, parts));
    expect(fetched).toMatchObject({ kind: 'whole', etag: '"1"' });
    expect(fetched.kind === 'whole' && fetched.bytes.toString()).toBe('{"a": 1}');
  });

  it('is not sent again while its tag is the same', async () => {
    const url = await serve((request, response) => {
      response.statusCode = request.headers['if-none-match'] === 'W/"1"' ? 304 : 200;
      response.end();
    });
    expect(await fetchDocument(url, { ...MOST, etag: 'W/"1"' }, parts)).toMatchObject({
      value: { kind: 'unchanged' },
    });
    expect(await fetchDocument(url, MOST, parts)).toMatchObject({ value: { kind: 'whole' } });
  });

  it('that is "not modified" although nothing was known is no answer', async () => {
    const url = await serve((_request, response) => response.writeHead(304).end());
    expect(await fetchDocument(url, MOST, parts)).toMatchObject({ failure: { code: 'source-refused' } });
  });

  it.each([
    ['announced', { 'Content-Length': '1001' }],
    ['not announced', {}],
  ])('of more bytes than are allowed is not read to its end, %s', async (_how, fields) => {
    let sent = 0;
    const url = await serve((_request, response) => {
      response.writeHead(200, fields);
      const pour = () => {
        while (!response.destroyed && response.write(Buffer.alloc(600, 0x20))) sent += 600;
      };
      response.on('drain', pour);
      pour();
    });
    expect(await fetchDocument(url, MOST, parts)).toMatchObject({ failure: { code: 'malformed' } });
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  it('that is cut short is no document', async () => {
    const url = await scripted(({ socket }) => {
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a": 1}');
      return undefined;
    });
    expect(await fetchDocument(url, MOST, parts)).toMatchObject({ failure: { code: 'source-unreachable' } });
  });

  it('that comes compressed is refused, not unpacked', async () => {
    const url = await serve((request, response) => {
      expect(request.headers['accept-encoding']).toBe('identity');
      response.writeHead(200, { 'Content-Encoding': 'gzip' });
      response.end(zlib.gzipSync(Buffer.alloc(100)));
    });
    expect(await fetchDocument(url, MOST, parts)).toMatchObject({
      failure: { code: 'source-refused', message: expect.stringContaining('compresses') as string },
    });
  });

  it('is found behind redirects, five at most', async () => {
    const redirecting = (hops: number) =>
      serve((request, response) => {
        const hop = Number(new URL(request.url ?? '', 'http://x').searchParams.get('hop') ?? '0');
        if (hop < hops) response.writeHead(302, { Location: `/feed.json?hop=${hop + 1}` }).end();
        else response.end('{}');
      });
    expect(await fetchDocument(await redirecting(5), MOST, parts)).toMatchObject({
      value: { kind: 'whole' },
    });
    expect(await fetchDocument(await redirecting(6), MOST, parts)).toMatchObject({
      failure: {
        code: 'source-refused',
        message: expect.stringContaining('more than 5 redirects') as string,
      },
    });
  });

  it('is not looked for on a way that leaves the web', async () => {
    const url = await serve((_request, response) =>
      response.writeHead(302, { Location: 'file:///etc/passwd' }).end(),
    );
    expect(await fetchDocument(url, MOST, parts)).toMatchObject({ failure: { code: 'source-refused' } });
  });

  it('is fetched over TLS from who has the certificate, and from nobody else', async () => {
    const identity = LOCALHOST_CERTIFICATE;
    const server = await ScriptedServer.start(() => 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}', {
      identity,
      host: 'localhost',
    });
    onTestFinished(() => server.close());
    const url = server.url('/feed.json', 'localhost');
    expect(await fetchDocument(url, MOST, { ...parts, trustedCertificates: identity.cert })).toMatchObject({
      value: { kind: 'whole' },
    });
    expect(await fetchDocument(url, MOST, parts)).toMatchObject({ failure: { code: 'source-unreachable' } });
  });

  it.each([
    ['gone', 404, {}, 'source-refused', undefined],
    ['forbidden', 403, {}, 'source-refused', undefined],
    ['broken', 500, {}, 'source-unreachable', undefined],
    ['busy', 503, { 'Retry-After': '30' }, 'source-unreachable', 30_000],
    ['partial', 206, {}, 'source-refused', undefined],
  ])('may be %s, which is told', async (_what, status, fields, code, retryAfterMs) => {
    const url = await serve((_request, response) => response.writeHead(status, fields).end());
    const failed = await fetchDocument(url, MOST, parts);
    expect(failed).toMatchObject({
      failure: { code, message: expect.stringContaining(String(status)) as string },
    });
    expect(failed.ok ? undefined : failed.failure.retryAfterMs).toBe(retryAfterMs);
  });

  it('is given up when its server says nothing for 15 seconds', async () => {
    const clock = new SimulatedClock();
    let fetched: ReturnType<typeof fetchDocument> | undefined;
    await new Promise<void>((asked) => {
      void serve(() => asked()).then((url) => (fetched = fetchDocument(url, MOST, { clock })));
    });
    if (fetched === undefined) throw new Error('nobody asked');
    expect(await clock.run(fetched)).toMatchObject({
      failure: { code: 'source-unreachable', message: expect.stringContaining('15 s') as string },
    });
  });

  it('is given up when it drips for two minutes', async () => {
    const clock = new SimulatedClock();
    const url = await serve((_request, response) => {
      response.writeHead(200);
      const drip = () => {
        if (response.destroyed) return;
        response.write(' ');
        clock.after(10_000, drip);
      };
      drip();
    });
    const fetched = fetchDocument(url, MOST, { clock });
    const state = { over: false };
    void fetched.then(() => (state.over = true));
    // Time passes between drops only as fast as they arrive.
    for (let step = 0; step < 1000 && !state.over; step++) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      await clock.advance(1000);
    }
    expect(await fetched).toMatchObject({
      failure: { code: 'source-unreachable', message: expect.stringContaining('120 s') as string },
    });
  });

  it('is given up when the caller cancels', async () => {
    const abort = new AbortController();
    const url = await serve(() => abort.abort());
    expect(await fetchDocument(url, MOST, { clock: systemClock, signal: abort.signal })).toMatchObject({
      failure: { code: 'cancelled' },
    });
  });

  it('is asked for with the user’s name, which messages do not repeat', async () => {
    const url = await serve((request, response) => {
      response.statusCode = request.headers.authorization === `Basic ${btoa('ada:secret')}` ? 404 : 200;
      response.end();
    });
    const failed = await fetchDocument(url.replace('//', '//ada:secret@'), MOST, parts);
    expect(failed).toMatchObject({ failure: { code: 'source-refused' } });
    expect(JSON.stringify(failed)).not.toContain('secret');
  });
});

describe('a document in a file', () => {
  it('is read whole, and not again while it is the same', async () => {
    const file = path.join(tempFolder(), 'feed.json');
    fs.writeFileSync(file, '{}');
    const fetched = unwrap(await fetchDocument(file, MOST, parts));
    if (fetched.kind !== 'whole') throw new Error('not read');
    expect(fetched.bytes.toString()).toBe('{}');
    expect(await fetchDocument(file, { ...MOST, etag: fetched.etag }, parts)).toMatchObject({
      value: { kind: 'unchanged' },
    });
    fs.writeFileSync(file, '{"a": 1}');
    expect(await fetchDocument(file, { ...MOST, etag: fetched.etag }, parts)).toMatchObject({
      value: { kind: 'whole' },
    });
  });

  it('is bounded, and must be a file that exists', async () => {
    const folder = tempFolder();
    const file = path.join(folder, 'feed.json');
    fs.writeFileSync(file, Buffer.alloc(1001));
    expect(await fetchDocument(file, MOST, parts)).toMatchObject({ failure: { code: 'malformed' } });
    expect(await fetchDocument(folder, MOST, parts)).toMatchObject({ failure: { code: 'invalid-argument' } });
    expect(await fetchDocument(`${file}x`, MOST, parts)).toMatchObject({ failure: { code: 'not-found' } });
  });
});

describe('where a document lies', () => {
  it.each([
    ['https://a.example/x/feed.json', 'masters/1/', 'https://a.example/x/masters/1/'],
    ['https://a.example/x/feed.json?token=1', '../y/', 'https://a.example/y/'],
    ['https://a.example/x/feed.json', 'https://b.example/', 'https://b.example/'],
    ['/srv/feed.json', 'masters/1/', '/srv/masters/1'],
    ['/srv/feed.json', 'http://b.example/', 'http://b.example/'],
  ])('is told from %s by %s', (from, name, expected) => {
    expect(resolveLocation(from, name)).toBe(expected);
  });

  it('has its signature beside it', () => {
    expect(withSuffix('/srv/feed.json', '.minisig')).toBe('/srv/feed.json.minisig');
    expect(withSuffix('https://a.example/feed.json?token=1', '.minisig')).toBe(
      'https://a.example/feed.json.minisig?token=1',
    );
  });
});
