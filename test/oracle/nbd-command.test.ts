import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MASTER_BYTES, newImages } from '../support/disk-workbench.ts';
import { HeadwaterProcess } from '../support/headwater-process.ts';
import { Qemu } from './qemu-tools.ts';

const run = promisify(execFile);

async function there(file: string): Promise<void> {
  while (!fs.existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function serving(args: readonly string[]) {
  const images = await newImages();
  const socket = path.join(images.folder, 'socket');
  const server = HeadwaterProcess.start(['nbd', '-k', socket, ...args, images.overlay]);
  await Promise.race([there(socket), server.ended]);
  return { ...images, socket, server, uri: (name = '') => `nbd+unix:///${name}?socket=${socket}` };
}

describe('headwater nbd', () => {
  it('serves an overlay until its last client leaves, and prints nothing', async () => {
    const { uri, server, folder, socket, overlay } = await serving(['-x', 'disk']);
    // Who only asks what there is was no client.
    await run('nbdinfo', ['--list', '--json', uri()]);
    await run('qemu-io', ['-f', 'raw', '-c', 'write -P 7 1M 64k', '-c', 'flush', uri('disk')]);
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(server.output).toBe('');
    expect(fs.readdirSync(folder).sort()).toEqual(['master.raw', 'overlay.qed']);
    expect(fs.existsSync(socket)).toBe(false);
    const qemu = new Qemu(folder);
    qemu.img('check', '-f', 'qed', overlay);
    qemu.io(overlay, ['read -P 7 1M 64k']);
  });

  it('goes on with -t until it is told to end, and closes its images', async () => {
    const { uri, server, folder, overlay } = await serving(['-t', '-e', '4']);
    for (let client = 0; client < 2; client++) {
      await run('qemu-io', ['-f', 'raw', '-c', `write -P ${client + 1} ${client}M 64k`, uri()]);
    }
    server.signal('SIGTERM');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    new Qemu(folder).io(overlay, ['read -P 1 0 64k', 'read -P 2 1M 64k']);
    expect(fs.readdirSync(folder).sort()).toEqual(['master.raw', 'overlay.qed']);
  });

  it('serves several disks by their names', async () => {
    const { folder, master, overlay } = await newImages();
    const socket = path.join(folder, 'socket');
    const pid = path.join(folder, 'pid');
    const args = ['--export', `one=${overlay}`, '--export', `two=${master}`, '-t', '-e', '0'];
    const server = HeadwaterProcess.start(['nbd', '-k', socket, '--pid-file', pid, ...args]);
    await there(pid);
    const { stdout } = await run('nbdinfo', ['--list', '--json', `nbd+unix:///?socket=${socket}`]);
    const { exports } = JSON.parse(stdout) as { exports: Record<string, unknown>[] };
    expect(exports.map((one) => [one['export-name'], one['export-size']])).toEqual([
      ['one', MASTER_BYTES],
      ['two', MASTER_BYTES],
    ]);
    const uri = (name: string) => `nbd+unix:///${name}?socket=${socket}`;
    await run('qemu-img', ['compare', '-f', 'raw', '-F', 'raw', uri('one'), uri('two')]);
    server.signal('SIGTERM');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(fs.existsSync(pid)).toBe(false);
  });

  it('fills an overlay behind with --stream', async () => {
    const { uri, server, folder, overlay } = await serving(['-t', '-e', '4', '--stream']);
    const missing = async () =>
      (await run('nbdinfo', ['--map=headwater:source', '--totals', uri()])).stdout.trim().split('\n');
    while ((await missing()).length > 1) await new Promise((resolve) => setTimeout(resolve, 50));
    const qemu = new Qemu(folder);
    // The reference to the backing file is dropped after the last of it has come.
    while (qemu.img('info', '-U', '-f', 'qed', overlay).includes('backing file'));
    server.signal('SIGTERM');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    qemu.img('compare', '-f', 'qed', '-F', 'raw', overlay, 'master.raw');
  });

  it('is read-only with -r, also to files that may not be written', async () => {
    const { uri, server } = await serving(['-r']);
    await expect(run('qemu-io', ['-f', 'raw', '-c', 'write 0 512', uri()])).rejects.toThrow();
    server.signal('SIGTERM');
    await server.ended;
  });

  it('leaves alone the sockets of programs that it cannot talk to', async () => {
    const { folder, overlay } = await newImages();
    const socket = path.join(folder, 'datagrams');
    const owner = spawn('socat', ['-u', `UNIX-RECV:${socket}`, '-'], { stdio: 'ignore' });
    onTestFinished(() => void owner.kill('SIGKILL'));
    await there(socket);
    const before = fs.lstatSync(socket).ino;
    const refused = HeadwaterProcess.start(['nbd', '-k', socket, overlay]);
    expect(await refused.ended).toEqual({ code: 1, signal: null });
    expect(refused.stderr).toMatch(/a server listens there already, or may/);
    expect(fs.lstatSync(socket).ino).toBe(before);
  });

  it('says what is wrong', async () => {
    const { overlay, folder, socket } = await serving(['-t']);
    for (const [args, message] of [
      [['-k', socket], /give one image/],
      [['-k', path.join(folder, 'other'), overlay], /already open/],
      [['-p', '0', overlay], /--port takes/],
      [['-k', socket, '-p', '1000', overlay], /goes without/],
      [['--speed', '1M', overlay], /goes with --stream/],
      [['--export', 'nothing'], /NAME=IMAGE/],
      [['-k', socket, path.join(folder, 'none.raw')], /No such file/],
    ] as const) {
      const failed = HeadwaterProcess.start(['nbd', ...args]);
      expect(await failed.ended).toEqual({ code: 1, signal: null });
      expect(failed.stderr).toMatch(message);
    }
  });
});
