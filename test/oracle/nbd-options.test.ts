import { execFile, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MASTER_BYTES, newImages } from '../support/disk-workbench.ts';
import { HeadwaterProcess } from '../support/headwater-process.ts';
import { PROJECT_ROOT } from '../support/test-program.ts';
import { Qemu } from './qemu-tools.ts';

const run = promisify(execFile);
const COMMAND = path.join(PROJECT_ROOT, 'dist/main/cli/index.js');

async function there(file: string): Promise<void> {
  while (!fs.existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Serves an overlay with these options until its last client leaves. */
async function serving(options: readonly string[]) {
  const images = await newImages();
  const socket = path.join(images.folder, 'socket');
  const server = HeadwaterProcess.start(['nbd', '-k', socket, ...options, images.overlay]);
  await Promise.race([there(socket), server.ended]);
  const io = (...commands: string[]) =>
    run('qemu-io', [
      '-f',
      'raw',
      ...commands.flatMap((command) => ['-c', command]),
      `nbd+unix:///?socket=${socket}`,
    ]);
  return { ...images, socket, server, io };
}

describe('options of qemu-nbd', () => {
  it.each([
    [['--cache=foo']],
    [['--cache=none', '--cache=none']],
    [['-n', '--cache=none']],
    [['--discard=foo']],
    [['--detect-zeroes=foo']],
    [['--discard=ignore', '--detect-zeroes=unmap']],
    [['--aio=foo']],
    [['-o', 'foo']],
    [['-o', '1k']],
    [['-o', '99999999999']],
    [['--tls-creds=x']],
  ])('that are wrong are refused in its words: %j', async (options) => {
    const { folder, master } = await newImages();
    const args = ['-f', 'raw', '-k', path.join(folder, 'socket'), ...options, master];
    const theirs = spawnSync('qemu-nbd', args, { encoding: 'utf8' });
    const ours = spawnSync(process.execPath, [COMMAND, 'nbd', ...args], { encoding: 'utf8' });
    expect(ours.stderr.replace('headwater nbd: ', '')).toBe(theirs.stderr.replace('qemu-nbd: ', ''));
    expect([ours.status, theirs.status]).toEqual([1, 1]);
  });

  it.each([['--image-opts'], ['-s'], ['-L'], ['-d'], ['-c', '/dev/nbd0'], ['-B', 'b'], ['-l', 's']])(
    'that cannot be done say what can: %s',
    async (...options) => {
      const { overlay } = await newImages();
      const refused = spawnSync(process.execPath, [COMMAND, 'nbd', ...options, overlay], {
        encoding: 'utf8',
      });
      expect(refused.status).toBe(1);
      expect(refused.stderr).toMatch(/^headwater nbd: --[a-z-]+ is not done here: .+\n$/);
    },
  );

  it('that make no difference are taken', async () => {
    const { server, io } = await serving(['--cache=none', '--aio=io_uring', '-A']);
    await io('write -P 7 1M 64k', 'flush', 'read -P 7 1M 64k');
    expect(await server.ended).toEqual({ code: 0, signal: null });
  });

  it.each(['writethrough', 'directsync', 'unsafe'])('keep what was written with --cache=%s', async (mode) => {
    const { server, io, folder, overlay } = await serving([`--cache=${mode}`]);
    await io('write -P 7 1M 64k', 'flush');
    await server.ended;
    new Qemu(folder).io(overlay, ['read -P 7 1M 64k']);
  });

  it('serve from an offset on, as qemu-nbd does', async () => {
    const offset = 64 * 1024 + 512;
    const { folder, master } = await newImages();
    const socket = (name: string) => path.join(folder, name);
    const args = (name: string) => [
      '-f',
      'raw',
      '-r',
      '-t',
      '-k',
      socket(name),
      '-o',
      String(offset),
      master,
    ];
    const ours = HeadwaterProcess.start(['nbd', ...args('ours')]);
    const theirs = execFile('qemu-nbd', args('theirs'));
    onTestFinished(() => void theirs.kill());
    await Promise.all([there(socket('ours')), there(socket('theirs'))]);
    const uri = (name: string) => `nbd+unix:///?socket=${socket(name)}`;
    const size = await run('nbdinfo', ['--size', uri('ours')]);
    expect(Number(size.stdout)).toBe(MASTER_BYTES - offset);
    await run('qemu-img', ['compare', '-f', 'raw', '-F', 'raw', uri('ours'), uri('theirs')]);
    ours.signal('SIGTERM');
    await ours.ended;
  });

  it('leave data where it is with --discard=ignore', async () => {
    const { server, io } = await serving(['--discard=ignore']);
    await io('write -P 5 0 64k', 'discard 0 64k', 'read -P 5 0 64k');
    expect(await server.ended).toEqual({ code: 0, signal: null });
  });

  it('keep written zeroes as zeroes with --detect-zeroes=on', async () => {
    for (const [mode, isData] of [
      ['on', false],
      ['off', true],
    ] as const) {
      const { server, io, folder, overlay } = await serving([`--detect-zeroes=${mode}`]);
      await io('write -P 0 0 1M');
      await server.ended;
      const map = new Qemu(folder).img('map', '--output=json', '-f', 'qed', overlay);
      const [first] = JSON.parse(map) as Record<string, unknown>[];
      expect(first).toMatchObject({ start: 0, depth: 0, data: isData, zero: !isData });
    }
  });

  it('let it go on in the background with --fork, once clients can connect', async () => {
    const { folder, overlay } = await newImages();
    const [socket, pid] = [path.join(folder, 'socket'), path.join(folder, 'pid')];
    const args = [COMMAND, 'nbd', '--fork', '-k', socket, '--pid-file', pid, overlay];
    const forked = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect([forked.status, forked.stdout, forked.stderr]).toEqual([0, '', '']);
    const server = Number(fs.readFileSync(pid, 'utf8'));
    onTestFinished(() => {
      if (fs.existsSync(pid)) process.kill(server);
    });
    const again = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(again.status).toBe(1);
    expect(again.stderr).toMatch(/^headwater nbd: .*already open/);
    await run('qemu-io', ['-f', 'raw', '-c', 'write -P 7 0 64k', `nbd+unix:///?socket=${socket}`]);
    while (fs.existsSync(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
    new Qemu(folder).io(overlay, ['read -P 7 0 64k']);
  });
});
