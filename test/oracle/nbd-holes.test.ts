import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { MIB } from '../../shared/units.ts';
import { COMMAND } from '../support/headwater-process.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { startServer, uriOf } from '../support/foreign-server.ts';
import { prepare } from './image-twins.ts';

const run = promisify(execFile);
const IMAGE_BYTES = 64 * MIB;

const FILES = [
  'create -f raw sparse.raw 64M',
  'io sparse.raw write -P 1 0 64k',
  'io sparse.raw write -P 2 1000k 100k',
  'io sparse.raw write -P 3 20M 2M',
  // Zeroes that are stored: QEMU does not tell them from data, and neither do we.
  'io sparse.raw write -P 0 30M 1M',
  'io sparse.raw write -P 4 67107840 1024',
  'create -f qed -b sparse.raw -F raw over.qed',
  'io over.qed write -P 5 10M 64k',
  'io over.qed write -z 20M 1M',
  'io over.qed write -P 6 40M 128k',
];

/** Serves an image, and waits for the socket. */
async function served(folder: string, by: 'qemu-nbd' | 'headwater', format: string, image: string) {
  const socket = path.join(folder, `${by}-${image}.sock`);
  const args = ['-f', format, '-r', '-t', '-e', '8', '-k', socket, image];
  if (by === 'qemu-nbd') await startServer(by, args, socket, folder);
  else await startServer(process.execPath, [COMMAND, 'nbd', ...args], socket, folder);
  return uriOf(socket);
}

describe.each([
  ['raw', 'sparse.raw'],
  ['qed', 'over.qed'],
])('the holes of a %s image over NBD', (format, image) => {
  const made = () => {
    const folder = tempFolder();
    prepare(folder, FILES);
    return folder;
  };
  const both = async () => {
    const folder = made();
    return Promise.all([
      served(folder, 'headwater', format, image),
      served(folder, 'qemu-nbd', format, image),
    ]);
  };

  it('are those that qemu-nbd tells, to qemu-img', async () => {
    const map = async (uri: string): Promise<unknown> =>
      JSON.parse((await run('qemu-img', ['map', '--output=json', '-f', 'raw', uri])).stdout);
    const [ours, theirs] = await both();
    const told = await map(ours);
    expect(told).toEqual(await map(theirs));
    expect((told as { data: boolean }[]).filter(({ data }) => !data).length).toBeGreaterThan(3);
  });

  it('are those that qemu-nbd tells, to nbdinfo', async () => {
    const map = async (uri: string): Promise<unknown> =>
      JSON.parse((await run('nbdinfo', ['--map', '--json', uri])).stdout);
    const [ours, theirs] = await both();
    expect(await map(ours)).toEqual(await map(theirs));
  });

  it('are left out by nbdcopy, which copies the rest', async () => {
    const folder = made();
    const ours = await served(folder, 'headwater', format, image);
    const copy = path.join(folder, `copy-of-${image}`);
    fs.writeFileSync(copy, '');
    fs.truncateSync(copy, IMAGE_BYTES);
    await run('nbdcopy', [ours, copy]);
    execFileSync('qemu-img', ['compare', '-f', 'raw', '-F', format, copy, path.join(folder, image)]);
    expect(fs.statSync(copy).blocks * 512).toBeLessThan(5 * MIB);
  });
});

describe('a sparse raw image that is written over NBD', () => {
  it('stays sparse where zeroes come, and is told of as it is', async () => {
    const folder = tempFolder();
    const file = path.join(folder, 'disk.raw');
    fs.writeFileSync(file, '');
    fs.truncateSync(file, IMAGE_BYTES);
    const socket = path.join(folder, 'socket');
    await startServer(
      process.execPath,
      [COMMAND, 'nbd', '-f', 'raw', '-t', '-e', '4', '-k', socket, file],
      socket,
    );
    const uri = uriOf(socket);
    const states = async () =>
      (JSON.parse((await run('nbdinfo', ['--map', '--json', uri])).stdout) as { type: number }[]).map(
        ({ type }) => type,
      );
    expect(await states()).toEqual([3]);
    await run('qemu-io', ['-f', 'raw', '-c', 'write -z -u 0 32M', '-c', 'write -P 7 40M 64k', uri]);
    expect(await states()).toEqual([3, 0, 3]);
    await run('qemu-io', [
      '-f',
      'raw',
      '-c',
      'read -P 0 0 40M',
      '-c',
      'read -P 7 40M 64k',
      '-c',
      'flush',
      uri,
    ]);
    expect(fs.statSync(file).blocks * 512).toBeLessThan(MIB);
  });
});
