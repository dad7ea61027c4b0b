import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../shared/clock.ts';
import { DONE, unwrap } from '../../../shared/result.ts';
import { openHttpDevice } from './http-device.ts';
import { LOCALHOST_CERTIFICATE } from './testing/localhost-certificate.ts';
import { ScriptedServer, type Script, head, partial } from './testing/scripted-server.ts';

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
