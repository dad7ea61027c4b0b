import fs from 'node:fs';
import path from 'node:path';
import { connect, type ConnectionOptions } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { MIB } from '../../shared/units.ts';
import { LOCALHOST_CERTIFICATE } from '../../test/support/localhost-certificate.ts';
import { MemoryDevice } from '../../test/support/memory-device.ts';
import { COMMAND, OPTION, REPLY } from '../block/nbd/protocol.ts';
import { credentialsFolder, serveNbd, tlsFolder } from '../../test/support/nbd-served.ts';
import { contextQuery, NbdTalker } from '../../test/support/nbd-talker.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { loadTlsFolder } from './tls.ts';

async function serveSecurely(verifyClients = false) {
  const device = new MemoryDevice(MIB);
  const tls = tlsFolder(verifyClients);
  const { socket } = await serveNbd([{ name: 'disk', device }], { tls });
  return { socket, device };
}

/** Asks for TLS and goes on over it. */
async function secured(plain: NbdTalker, options: ConnectionOptions = {}): Promise<NbdTalker> {
  expect((await plain.option(OPTION.startTls)).map(({ type }) => type)).toEqual([REPLY.ack]);
  plain.socket.removeAllListeners('data');
  const socket = connect({
    socket: plain.socket,
    servername: 'localhost',
    ca: LOCALHOST_CERTIFICATE.cert,
    ...options,
  });
  return new NbdTalker(socket);
}

async function greeted(socket: string): Promise<NbdTalker> {
  const talker = await NbdTalker.connect(socket);
  await talker.greet();
  return talker;
}

describe('a server with TLS', () => {
  it('serves over it, in small and in large pieces', async () => {
    const { socket, device } = await serveSecurely();
    const talker = await secured(await greeted(socket));
    await talker.option(OPTION.structuredReply);
    await talker.go('disk');
    const data = Buffer.alloc(MIB - 100, 'secret');
    expect((await talker.write(100, data)).error).toBe(0);
    expect((await talker.read(100, data.length)).data.equals(data)).toBe(true);
    talker.send({ command: COMMAND.disconnect });
    await talker.closed;
    const stored = new Uint8Array(6);
    unwrap(await device.read(100, stored));
    expect(Buffer.from(stored).toString()).toBe('secret');
  });

  it('answers everything else with that it is needed, before', async () => {
    const { socket } = await serveSecurely();
    const talker = await greeted(socket);
    for (const code of [OPTION.list, OPTION.info, OPTION.go, OPTION.structuredReply, 99]) {
      expect((await talker.option(code)).map(({ type }) => type)).toEqual([REPLY.errTlsRequired]);
    }
    talker.sendOption(OPTION.exportName, Buffer.from('disk'));
    await talker.closed;
  });

  it('is not asked twice', async () => {
    const { socket } = await serveSecurely();
    const talker = await secured(await greeted(socket));
    expect((await talker.option(OPTION.startTls)).map(({ type }) => type)).toEqual([REPLY.errInvalid]);
  });

  it('forgets what was agreed on before', async () => {
    const { socket } = await serveSecurely();
    const plain = await greeted(socket);
    await plain.option(OPTION.structuredReply);
    const talker = await secured(plain);
    const query = contextQuery('disk', ['base:allocation']);
    expect((await talker.option(OPTION.setMetaContext, query)).map(({ type }) => type)).toEqual([
      REPLY.errInvalid,
    ]);
  });

  it('takes nothing that was put in before the encryption', async () => {
    const { socket } = await serveSecurely();
    const plain = await greeted(socket);
    plain.socket.cork();
    plain.sendOption(OPTION.startTls);
    plain.sendOption(OPTION.list);
    plain.socket.uncork();
    await plain.closed;
  });

  it('ends a connection on which something else follows', async () => {
    const { socket } = await serveSecurely();
    const plain = await greeted(socket);
    await plain.option(OPTION.startTls);
    plain.sendOption(OPTION.list);
    await plain.closed;
  });

  it('lets in only clients with a certificate, where it is told so', async () => {
    const { socket } = await serveSecurely(true);
    const stranger = await secured(await greeted(socket));
    stranger.sendOption(OPTION.list);
    await stranger.closed;
    const friend = await secured(await greeted(socket), LOCALHOST_CERTIFICATE);
    expect((await friend.option(OPTION.list)).map(({ type }) => type)).toEqual([REPLY.server, REPLY.ack]);
  });
});

describe('a folder of credentials', () => {
  it('without a certificate, or with a broken one, is refused', () => {
    const missing = loadTlsFolder(tempFolder(), false);
    expect(missing).toMatchObject({ failure: { code: 'not-found' } });
    const folder = credentialsFolder();
    fs.writeFileSync(path.join(folder, 'server-key.pem'), 'nonsense');
    expect(loadTlsFolder(folder, false)).toMatchObject({ failure: { code: 'invalid-argument' } });
  });
});
