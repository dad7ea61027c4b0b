import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { unwrap, type Result } from '../../shared/result.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { listen, type Listener } from './listen.ts';

async function listenAt(file: string): Promise<Result<Listener>> {
  const server = net.createServer((socket) => socket.on('error', () => {}).end('here'));
  const listener = await listen(server, { kind: 'unix', path: file });
  onTestFinished(() => {
    server.close();
  });
  return listener;
}

async function hear(file: string): Promise<string> {
  const socket = net.connect(file);
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  await once(socket, 'close');
  return heard;
}

/** The socket file of a server that was killed. */
function leaveStaleSocket(file: string): void {
  const program = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', program, file]);
  expect(fs.lstatSync(file).isSocket()).toBe(true);
}

describe('a socket file', () => {
  it('is for its owner only, and goes with the server', async () => {
    const file = path.join(tempFolder(), 'socket');
    const listener = unwrap(await listenAt(file));
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(await hear(file)).toBe('here');
    expect(fs.readdirSync(path.dirname(file))).toEqual(['socket']);
    listener.close();
    expect(fs.readdirSync(path.dirname(file))).toEqual([]);
  });

  it('that a killed server has left is replaced', async () => {
    const file = path.join(tempFolder(), 'socket');
    leaveStaleSocket(file);
    unwrap(await listenAt(file));
    expect(await hear(file)).toBe('here');
    expect(fs.readdirSync(path.dirname(file))).toEqual(['socket']);
  });

  it('that somebody listens on is left alone', async () => {
    const file = path.join(tempFolder(), 'socket');
    unwrap(await listenAt(file));
    expect(await listenAt(file)).toMatchObject({ failure: { code: 'busy' } });
    expect(await hear(file)).toBe('here');
    expect(fs.readdirSync(path.dirname(file))).toEqual(['socket']);
  });

  it('goes to one of several servers that find a stale one', async () => {
    const file = path.join(tempFolder(), 'socket');
    leaveStaleSocket(file);
    const started = await Promise.all(Array.from({ length: 8 }, () => listenAt(file)));
    expect(started.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await hear(file)).toBe('here');
    expect(fs.readdirSync(path.dirname(file))).toEqual(['socket']);
  });

  it('does not take the place of another file', async () => {
    const file = path.join(tempFolder(), 'disk.raw');
    fs.writeFileSync(file, 'precious');
    expect(await listenAt(file)).toMatchObject({ failure: { code: 'already-exists' } });
    expect(fs.readFileSync(file, 'utf8')).toBe('precious');
  });

  it('that was put there by another server since is not removed', async () => {
    const file = path.join(tempFolder(), 'socket');
    const first = unwrap(await listenAt(file));
    fs.rmSync(file);
    unwrap(await listenAt(file));
    first.close();
    expect(await hear(file)).toBe('here');
  });

  it('with a path the system has no room for, or in no folder, is refused', async () => {
    const folder = tempFolder();
    const long = path.join(folder, 'x'.repeat(120));
    expect(await listenAt(long)).toMatchObject({ failure: { code: 'invalid-argument' } });
    expect(await listenAt(path.join(folder, 'none', 'socket'))).toMatchObject({ ok: false });
    expect(fs.readdirSync(folder)).toEqual([]);
  });
});

describe('a port', () => {
  it('that is taken is refused', async () => {
    const taken = net.createServer().listen(0, '127.0.0.1');
    onTestFinished(() => {
      taken.close();
    });
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const listener = await listen(net.createServer(), { kind: 'tcp', host: '127.0.0.1', port });
    expect(listener).toMatchObject({ failure: { errno: 'EADDRINUSE' } });
  });
});
