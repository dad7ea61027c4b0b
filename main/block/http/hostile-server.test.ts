import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { DONE, type Result, unwrap } from '../../../shared/result.ts';
import { KIB } from '../../../shared/units.ts';
import { LEAST_PROGRESS_BYTES, LEAST_PROGRESS_WINDOW_MS } from '../progress-watch.ts';
import { type HttpDeviceOptions, openHttpDevice } from './http-device.ts';
import { SimulatedClock, until } from '../../../test/support/simulated-clock.ts';
import {
  ScriptedServer,
  type Script,
  type SeenRequest,
  TOTAL_BYTES,
  content,
  head,
  partial,
} from '../../../test/support/scripted-server.ts';

const toClose: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of toClose.splice(0)) await thing.close();
});

/** What a read (or, for the word `open`, opening) ends with when the server answers by `script`. */
async function outcome(when: 'open' | 'read', script: Script, options: Partial<HttpDeviceOptions> = {}) {
  const answer: Script = (request) =>
    when === 'read' && request.index === 0 ? partial(request) : script(request);
  const server = await ScriptedServer.start(answer);
  toClose.push(server);
  const opened = await openHttpDevice(server.url(), { clock: systemClock, ...options });
  if (opened.ok) toClose.push(opened.value);
  if (when === 'open') return summary(opened, server);
  return summary(await unwrap(opened).read(8, new Uint8Array(100)), server);
}

function summary(result: Result<unknown>, server: ScriptedServer): string {
  if (result.ok) return 'ok';
  return `${result.failure.code}: ${result.failure.message.replace(`${server.url()}: `, '')}`;
}

const STATUS_CASES = [
  [400, 'source-refused: the server answered with status 400'],
  [401, 'source-refused: the server answered with status 401: it wants a user name and password'],
  [403, 'source-refused: the server answered with status 403: access denied'],
  [404, 'source-refused: the server answered with status 404: there is no such file (any more)'],
  [408, 'source-unreachable: the server answered with status 408'],
  [410, 'source-refused: the server answered with status 410: there is no such file (any more)'],
  [429, 'source-unreachable: the server answered with status 429: it is busy'],
  [500, 'source-unreachable: the server answered with status 500'],
  [502, 'source-unreachable: the server answered with status 502'],
  [503, 'source-unreachable: the server answered with status 503: it is busy'],
] as const;

describe('opening', () => {
  it.each(STATUS_CASES)('fails on status %i', async (status, expected) => {
    expect(await outcome('open', () => head(`HTTP/1.1 ${status} X`))).toBe(expected);
  });

  it('refuses a server that ignores ranges, without taking the body', async () => {
    const body = Buffer.alloc(64 * KIB);
    let sent = 0;
    const flood = (request: SeenRequest) => {
      const more = () => {
        while (!request.socket.destroyed && request.socket.write(body)) sent += body.length;
      };
      request.socket.on('drain', more);
      request.socket.write(head('HTTP/1.1 200 OK', { 'Content-Length': String(2 ** 40) }));
      more();
      return undefined;
    };
    expect(await outcome('open', flood)).toBe(
      'source-refused: the server ignores ranges (status 200 instead of 206): use one that supports them',
    );
    const socketBuffers = 16 * 1024 * KIB;
    expect(sent).toBeLessThan(socketBuffers);
  });

  const lies: readonly (readonly [string, Script, string])[] = [
    [
      'without Content-Range',
      (request) => partial(request, { fields: { 'Content-Range': null } }),
      'malformed: not usable as a disk: field Content-Range is missing',
    ],
    [
      'with several ranges',
      (request) =>
        partial(request, { fields: { 'Content-Range': null, 'Content-Type': 'multipart/byteranges' } }),
      'malformed: not usable as a disk: field Content-Range is missing',
    ],
    [
      'with a length it does not know',
      (request) => partial(request, { fields: { 'Content-Range': 'bytes 0-0/*' } }),
      'source-refused: not usable as a disk: field Content-Range does not tell the length of the source',
    ],
    [
      'with a length beyond 2^53',
      (request) => partial(request, { fields: { 'Content-Range': 'bytes 0-0/9007199254740993' } }),
      'malformed: not usable as a disk: field Content-Range is not a range of bytes',
    ],
    [
      'compressed',
      (request) => partial(request, { fields: { 'Content-Encoding': 'gzip' } }),
      'source-refused: not usable as a disk: field Content-Encoding: the server compresses although asked not to',
    ],
    [
      'in chunks',
      (request) => partial(request, { fields: { 'Content-Length': null, 'Transfer-Encoding': 'chunked' } }),
      'source-refused: not usable as a disk: field Transfer-Encoding: ranges sent in chunks are not supported',
    ],
    [
      'with both a length and chunks',
      (request) => partial(request, { fields: { 'Transfer-Encoding': 'chunked' } }),
      'malformed: not usable as a disk: field Transfer-Encoding may not stand in this response',
    ],
    [
      'with a redirect to nowhere',
      () => head('HTTP/1.1 302 Found'),
      'malformed: status 302 without field Location',
    ],
    [
      'in another protocol',
      () => '220 ftp.example.org ready\r\n',
      'malformed: the status line is not that of HTTP/1.0 or HTTP/1.1',
    ],
    [
      'with an endless head',
      () => `HTTP/1.1 206 OK\r\n${'X: y\r\n'.repeat(64 * KIB)}`,
      'malformed: the head of the response is longer than 16384 bytes',
    ],
  ];
  it.each(lies)('refuses an answer %s', async (_, script, expected) => {
    expect(await outcome('open', script)).toBe(expected);
  });

  it('fails when nobody listens', async () => {
    const server = await ScriptedServer.start(() => undefined);
    const url = server.url();
    server.close();
    const result = await openHttpDevice(url, { clock: systemClock });
    expect(result).toMatchObject({
      failure: {
        code: 'source-unreachable',
        errno: 'ECONNREFUSED',
        message: `${url}: the server refuses connections`,
      },
    });
  });

  it('fails when the name is unknown', async () => {
    const result = await openHttpDevice('http://nowhere.invalid/disk', { clock: systemClock });
    expect(result).toMatchObject({ failure: { code: 'source-unreachable' } });
  });
});

describe('reading', () => {
  it.each(STATUS_CASES)('fails on status %i', async (status, expected) => {
    expect(await outcome('read', () => head(`HTTP/1.1 ${status} X`))).toBe(expected);
  });

  const lies: readonly (readonly [string, Script, string])[] = [
    [
      'another entity tag',
      (request) => partial(request, { fields: { ETag: '"two"' } }),
      'source-changed: the source has changed: ETag is another one than at open',
    ],
    [
      'another length',
      (request) => partial(request, { totalBytes: 5000 }),
      'source-changed: the source has changed: 5000 bytes long, 1048576 at open',
    ],
    [
      'the whole of another source',
      () => head('HTTP/1.1 200 OK', { ETag: '"two"', 'Content-Length': '4' }),
      'source-changed: the source has changed: ETag is another one than at open',
    ],
    [
      'the whole of a source of another length',
      () => head('HTTP/1.1 200 OK', { 'Content-Length': '4' }),
      'source-changed: the source has changed: it was 1048576 bytes long at open',
    ],
    [
      'the whole of the same source',
      () => head('HTTP/1.1 200 OK', { ETag: '"one"', 'Content-Length': String(TOTAL_BYTES) }),
      'source-refused: the server ignores ranges (status 200 instead of 206): use one that supports them',
    ],
    ['status 412', () => head('HTTP/1.1 412 X'), 'source-changed: the source has changed (status 412)'],
    [
      'status 416 because it is shorter now',
      () => head('HTTP/1.1 416 X', { 'Content-Range': 'bytes */7' }),
      'source-changed: the source has changed: it is shorter than at open (status 416)',
    ],
    [
      'status 416 although it is not shorter',
      () => head('HTTP/1.1 416 X', { 'Content-Range': `bytes */${TOTAL_BYTES}` }),
      'malformed: the server calls a range inside the source unsatisfiable (status 416)',
    ],
    [
      'another range',
      (request) => partial({ ...request, offset: 9 }),
      'malformed: field Content-Range is bytes 9-108, asked for 8-107',
    ],
    [
      'less than the range',
      (request) => partial({ ...request, length: 99 }),
      'malformed: field Content-Range is bytes 8-106, asked for 8-107',
    ],
    [
      'a length that contradicts the range',
      (request) => partial(request, { fields: { 'Content-Length': '99' } }),
      'malformed: field Content-Length does not match the 100 bytes of Content-Range',
    ],
    [
      'two lengths',
      (request) => partial(request, { fields: { 'content-length': '99' } }),
      'malformed: field Content-Length does not match the 100 bytes of Content-Range',
    ],
    [
      'a redirect to nowhere',
      () => head('HTTP/1.1 302 Found'),
      'malformed: status 302 without field Location',
    ],
  ];
  it.each(lies)('refuses %s', async (_, script, expected) => {
    expect(await outcome('read', script)).toBe(expected);
  });

  it('notices by date that a source without a strong entity tag has changed', async () => {
    const dates = { Date: 'Sun, 06 Nov 1994 08:49:37 GMT', 'Last-Modified': 'Sun, 06 Nov 1994 08:00:00 GMT' };
    const later = { ...dates, 'Last-Modified': 'Sun, 06 Nov 1994 08:30:00 GMT' };
    for (const [etag, ifRange] of [
      [null, dates['Last-Modified']],
      ['W/"weak"', undefined],
    ] as const) {
      const server = await ScriptedServer.start((request) =>
        partial(request, { fields: { ETag: etag, ...(request.index < 2 ? dates : later) } }),
      );
      toClose.push(server);
      const device = unwrap(await openHttpDevice(server.url(), { clock: systemClock }));
      toClose.push(device);
      expect(await device.read(0, new Uint8Array(4))).toEqual(DONE);
      expect(server.requests[1]?.fields.get('if-range')).toBe(ifRange);
      expect(await device.read(0, new Uint8Array(4))).toMatchObject({
        failure: {
          code: 'source-changed',
          message: `${server.url()}: the source has changed: Last-Modified is another one than at open`,
        },
      });
    }
  });

  it('passes on when to come back', async () => {
    const server = await ScriptedServer.start((request) =>
      request.index === 0 ? partial(request) : head('HTTP/1.1 503 Busy', { 'Retry-After': '7' }),
    );
    toClose.push(server);
    const device = unwrap(await openHttpDevice(server.url(), { clock: systemClock }));
    toClose.push(device);
    expect(await device.read(0, new Uint8Array(4))).toMatchObject({ failure: { retryAfterMs: 7000 } });
  });

  const cutAfter = (bytes: number, how: 'end' | 'reset') => (request: SeenRequest) => {
    request.socket.write(partial(request).subarray(0, bytes), () => {
      if (how === 'end') request.socket.end();
      else request.socket.resetAndDestroy();
    });
    return undefined;
  };

  it('fails when the body ends early', async () => {
    const headBytes =
      'HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 8-107/1048576\r\nContent-Length: 100\r\nETag: "one"\r\n\r\n'
        .length;
    expect(await outcome('read', cutAfter(headBytes + 40, 'end'))).toBe(
      'source-unreachable: the server closed the connection after 40 of 100 bytes',
    );
  });

  it('fails when the head ends early', async () => {
    expect(await outcome('read', cutAfter(20, 'end'))).toBe(
      'source-unreachable: the server closed the connection before it had answered',
    );
  });

  it('fails when the connection is reset in the middle', async () => {
    expect(await outcome('read', cutAfter(150, 'reset'))).toMatch(
      /^source-unreachable: the server (reset|closed)/,
    );
  });

  it('takes answers that come byte by byte, after interim ones', async () => {
    const drip = (request: SeenRequest) => {
      const bytes = Buffer.concat([head('HTTP/1.1 102 Processing', { X: 'y' }), partial(request)]);
      let sent = 0;
      const next = () => {
        if (sent < bytes.length) request.socket.write(bytes.subarray(sent, ++sent), () => setImmediate(next));
      };
      next();
      return undefined;
    };
    expect(await outcome('read', drip)).toBe('ok');
  });

  it('takes answers of HTTP/1.0 servers, and of those that close after each one', async () => {
    const ends = (start: string, fields: Record<string, string | null>) => (request: SeenRequest) => {
      request.socket.end(partial(request, { start, fields }));
      return undefined;
    };
    expect(await outcome('read', ends('HTTP/1.0 206 OK', {}))).toBe('ok');
    expect(await outcome('read', ends('HTTP/1.0 206 OK', { 'Content-Length': null }))).toBe('ok');
    expect(await outcome('read', ends('HTTP/1.1 206 OK', { Connection: 'close' }))).toBe('ok');
    expect(await outcome('open', ends('HTTP/1.0 206 OK', {}))).toBe('ok');
  });

  it('drops a connection on which more came than was asked for, and keeps the bytes', async () => {
    const server = await ScriptedServer.start((request) =>
      Buffer.concat([partial(request), Buffer.from('surplus')]),
    );
    toClose.push(server);
    const device = unwrap(await openHttpDevice(server.url(), { clock: systemClock }));
    toClose.push(device);
    const target = new Uint8Array(KIB);
    expect(await device.read(5, target)).toEqual(DONE);
    expect(Buffer.from(target)).toEqual(content(5, target.length));
    expect(server.sockets).toHaveLength(2);
  });

  it('drops an idle connection on which something comes unasked', async () => {
    const server = await ScriptedServer.start((request) => partial(request));
    toClose.push(server);
    const device = unwrap(await openHttpDevice(server.url(), { clock: systemClock }));
    toClose.push(device);
    server.sockets[0]?.write(head('HTTP/1.1 408 Request Timeout'));
    await until(() => server.sockets[0]?.closed === true);
    expect(await device.read(5, new Uint8Array(4))).toEqual(DONE);
  });
});

describe('a server that stops', () => {
  async function device(script: Script) {
    const clock = new SimulatedClock(0);
    const server = await ScriptedServer.start((request) =>
      request.index === 0 ? partial(request) : script(request),
    );
    const opened = unwrap(await openHttpDevice(server.url(), { clock }));
    toClose.push(opened, server);
    return { clock, server, opened };
  }

  it('is given up after 15 seconds of silence', async () => {
    const { clock, server, opened } = await device(() => undefined);
    const reading = opened.read(0, new Uint8Array(4));
    await until(() => server.requests.length === 2);
    await clock.advance(14_999);
    expect(clock.nextDueMs).toBe(15_000);
    await clock.advance(1);
    const message = `${server.url()}: the server sent nothing for 15 s`;
    expect(await reading).toMatchObject({ failure: { code: 'source-unreachable', message } });
  });

  it('is given up in the middle of a body as well, and the target is left alone afterwards', async () => {
    const { clock, server, opened } = await device((request) => partial(request).subarray(0, -10));
    const target = new Uint8Array(50).fill(1);
    const reading = opened.read(0, target);
    await until(() => target[39] === content(39, 1)[0]);
    await clock.advance(15_000);
    expect(await reading).toMatchObject({ failure: { code: 'source-unreachable' } });
    target.fill(1);
    const { socket } = server.requests[1] ?? expect.fail();
    socket.write(content(40, 10));
    // The client has hung up, and nothing can arrive any more.
    await until(() => socket.closed);
    expect(target).toEqual(new Uint8Array(50).fill(1));
  });

  it('may be slow while it sends something', async () => {
    const length = 5 * LEAST_PROGRESS_BYTES;
    const { clock, server, opened } = await device((request) => partial(request).subarray(0, -length));
    const target = new Uint8Array(length);
    const reading = opened.read(1, target);
    await until(() => server.requests.length === 2);
    const step = LEAST_PROGRESS_BYTES / 4;
    for (let sent = 0; sent < length; sent += step) {
      const bytes = content(1 + sent, step);
      server.requests[1]?.socket.write(bytes);
      await until(() => target[sent + step - 1] === bytes[step - 1]);
      await clock.advance(LEAST_PROGRESS_WINDOW_MS / 4 - 1000);
    }
    expect(await reading).toEqual(DONE);
    expect(Buffer.compare(target, content(1, length))).toBe(0);
  });

  it('is given up when it sends a byte now and then', async () => {
    const { clock, server, opened } = await device((request) => partial(request).subarray(0, -20));
    const target = new Uint8Array(20).fill(0xff);
    const reading = opened.read(1, target);
    await until(() => server.requests.length === 2);
    for (let index = 0; index < 5; index++) {
      server.requests[1]?.socket.write(content(1 + index, 1));
      await until(() => target[index] === content(1 + index, 1)[0]);
      await clock.advance(14_000);
    }
    expect(await reading).toMatchObject({
      failure: {
        code: 'source-unreachable',
        message: expect.stringMatching(/: the server sent only \d+ bytes in 60 s$/) as string,
      },
    });
  });

  it('leaves no timer behind', async () => {
    const { clock, opened } = await device((request) => partial(request));
    await opened.read(0, new Uint8Array(4));
    expect(clock.nextDueMs).toBeUndefined();
  });
});
