import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { DONE, unwrap } from '../../../shared/result.ts';
import { openHttpDevice } from './http-device.ts';
import { LOCALHOST_CERTIFICATE } from '../../../test/support/localhost-certificate.ts';
import {
  ScriptedServer,
  TOTAL_BYTES,
  type Script,
  content,
  head,
  partial,
} from '../../../test/support/scripted-server.ts';

const toClose: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of toClose.splice(0)) await thing.close();
});

async function serve(script: Script, identity?: typeof LOCALHOST_CERTIFICATE) {
  const server = await ScriptedServer.start(script, identity === undefined ? {} : { identity });
  toClose.push(server);
  return server;
}

const open = (url: string) =>
  openHttpDevice(url, { clock: systemClock, trustedCertificates: LOCALHOST_CERTIFICATE.cert });

const to =
  (location: string): Script =>
  () =>
    head('HTTP/1.1 302 Found', { Location: location, 'Content-Length': '0' });

describe('redirects', () => {
  it('are followed at open and remembered', async () => {
    const mirror = await serve((request) => partial(request));
    const origin = await serve(to(mirror.url('/copy')));
    const device = unwrap(await open(origin.url()));
    toClose.push(device);
    expect(device.name).toBe(origin.url());
    expect(await device.read(3, new Uint8Array(4))).toEqual(DONE);
    expect(origin.requests).toHaveLength(1);
    expect(mirror.requests.map((request) => request.line)).toEqual(Array(2).fill('GET /copy HTTP/1.1'));
  });

  it('carry credentials to the same origin only', async () => {
    const mirror = await serve((request) => partial(request));
    const origin = await serve((request) =>
      head('HTTP/1.1 307 Temporary Redirect', { Location: request.index === 0 ? '/moved' : mirror.url() }),
    );
    toClose.push(unwrap(await open(origin.url().replace('//', '//jo:secret@'))));
    expect(origin.requests.map((request) => request.fields.has('authorization'))).toEqual([true, true]);
    expect(mirror.requests[0]?.fields.has('authorization')).toBe(false);
  });

  it('end somewhere', async () => {
    const server = await serve(to('/again?secret'));
    expect(await open(server.url())).toMatchObject({
      failure: {
        code: 'source-refused',
        message: `${server.url()}: more than 5 redirects, the last to ${server.url('/again?…')}`,
      },
    });
    expect(server.requests).toHaveLength(6);
  });

  it('never lead from https to http', async () => {
    const plain = await serve((request) => partial(request));
    const secure = await serve(to(plain.url()), LOCALHOST_CERTIFICATE);
    expect(await open(secure.url())).toMatchObject({ failure: { code: 'source-refused' } });
    expect(plain.requests).toHaveLength(0);
  });

  it('may lead from http to https', async () => {
    const secure = await serve((request) => partial(request), LOCALHOST_CERTIFICATE);
    const plain = await serve(to(secure.url()));
    const device = unwrap(await open(plain.url()));
    toClose.push(device);
    expect(await device.read(0, new Uint8Array(4))).toEqual(DONE);
  });
});

describe('an address that a redirect led to', () => {
  /** An origin that signs addresses of a mirror, each of which holds for a number of requests. */
  async function signing(answersEach: number, expired = 403) {
    const answers = new Map<string, number>();
    const mirror = await serve((request) => {
      const address = request.line.split(' ')[1] ?? '';
      const before = answers.get(address) ?? 0;
      answers.set(address, before + 1);
      return before < answersEach ? partial(request) : head(`HTTP/1.1 ${expired} Expired`, NO_BODY);
    });
    const origin = await serve((request) =>
      head('HTTP/1.1 302 Found', { Location: mirror.url(`/disk?signature=${request.index}`), ...NO_BODY }),
    );
    return { mirror, origin };
  }
  const NO_BODY = { 'Content-Length': '0' };

  it.each([400, 401, 403, 404, 410])('is asked for again when it expires with status %i', async (status) => {
    const { origin } = await signing(3, status);
    const device = unwrap(await open(origin.url()));
    toClose.push(device);
    for (let at = 0; at < 10; at++) {
      const target = new Uint8Array(100);
      expect(await device.read(at * 100, target)).toEqual(DONE);
      expect(Buffer.from(target)).toEqual(content(at * 100, 100));
    }
    // Of the three requests that each address is good for, one finds out what is there.
    expect(origin.requests).toHaveLength(5);
  });

  it('is asked for by one of many reads that find it expired', async () => {
    const { origin } = await signing(9);
    const device = unwrap(await open(origin.url()));
    toClose.push(device);
    const reads = Array.from({ length: 14 }, (_, at) => device.read(at * 100, new Uint8Array(100)));
    expect(await Promise.all(reads)).toEqual(Array(14).fill(DONE));
    expect(origin.requests).toHaveLength(2);
  });

  it('is given up when it is refused as soon as it is new', async () => {
    const { origin } = await signing(1);
    const device = unwrap(await open(origin.url()));
    toClose.push(device);
    expect(await device.read(0, new Uint8Array(4))).toMatchObject({ failure: { code: 'source-refused' } });
    expect(origin.requests).toHaveLength(2);
  });

  it('must lead to the source that was opened', async () => {
    const other = await serve((request) => partial(request, { fields: { ETag: '"two"' } }));
    const { mirror } = await signing(1);
    const origin = await serve((request) =>
      head('HTTP/1.1 302 Found', { Location: request.index === 0 ? mirror.url() : other.url(), ...NO_BODY }),
    );
    const device = unwrap(await open(origin.url()));
    toClose.push(device);
    expect(await device.read(0, new Uint8Array(4))).toMatchObject({
      failure: {
        code: 'source-changed',
        message: `${origin.url()}: the source has changed since it was opened`,
      },
    });
  });

  it('may be found only while the source is read', async () => {
    const mirror = await serve((request) => partial(request));
    const origin = await serve((request) =>
      request.index < 2
        ? partial(request)
        : head('HTTP/1.1 301 Moved', { Location: mirror.url(), ...NO_BODY }),
    );
    const device = unwrap(await open(origin.url()));
    toClose.push(device);
    for (let at = 0; at < 4; at++) expect(await device.read(at, new Uint8Array(1))).toEqual(DONE);
    expect(mirror.requests).toHaveLength(1 + 3);
  });

  it('loses nothing when the source is closed meanwhile', async () => {
    let redirected = (): void => {};
    const met = new Promise<void>((resolve) => (redirected = resolve));
    const origin = await serve((request) => {
      if (request.index === 0) return partial(request);
      if (request.index > 1) {
        redirected();
        return undefined;
      }
      return head('HTTP/1.1 302 Found', { Location: '/on', ...NO_BODY });
    });
    const device = unwrap(await open(origin.url()));
    const reading = device.read(0, new Uint8Array(4));
    await met;
    await device.close();
    origin.close();
    expect(await reading).toMatchObject({ ok: false });
  });
});

describe('a source whose content is known', () => {
  const known = (url: string, knownBytes: number) => openHttpDevice(url, { clock: systemClock, knownBytes });

  it('is opened without asking, and asked for nothing but ranges', async () => {
    const server = await serve((request) => partial(request));
    const device = unwrap(await known(server.url(), TOTAL_BYTES));
    toClose.push(device);
    expect(server.requests).toHaveLength(0);
    expect(await device.read(5, new Uint8Array(10))).toEqual(DONE);
    expect(server.requests.map(({ fields }) => [fields.get('range'), fields.get('if-range')])).toEqual([
      ['bytes=5-14', undefined],
    ]);
  });

  it('may change its tag and date, but not its length', async () => {
    let totalBytes = TOTAL_BYTES;
    const server = await serve((request) =>
      partial(request, { totalBytes, fields: { ETag: `"${request.index}"` } }),
    );
    const device = unwrap(await known(server.url(), TOTAL_BYTES));
    toClose.push(device);
    for (let at = 0; at < 3; at++) expect(await device.read(at, new Uint8Array(1))).toEqual(DONE);
    totalBytes += 1;
    expect(await device.read(0, new Uint8Array(1))).toMatchObject({ failure: { code: 'source-changed' } });
  });

  it('follows redirects as any other', async () => {
    const mirror = await serve((request) => partial(request));
    const origin = await serve(to(mirror.url()));
    const device = unwrap(await known(origin.url(), TOTAL_BYTES));
    toClose.push(device);
    for (let at = 0; at < 3; at++) expect(await device.read(at, new Uint8Array(1))).toEqual(DONE);
    expect(origin.requests).toHaveLength(2);
  });
});
