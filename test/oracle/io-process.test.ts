import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tempFolder } from '../support/temp-folder.ts';
import { buildTestProgram, type TestProgram } from '../support/test-program.ts';
import { asOptions } from './io-twins.ts';

let program: TestProgram;
beforeAll(() => {
  program = buildTestProgram('main/cli/index.ts');
});
afterAll(() => program.remove());

const ourArguments = (...args: string[]) => [program.path, 'io', ...args];

/** Starts our tool with its standard input open, and collects what it prints. */
function start(...args: string[]) {
  const child: ChildProcessWithoutNullStreams = spawn(process.execPath, ourArguments(...args));
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const until = async (end: string) => {
    while (!printed.endsWith(end)) await once(child.stdout, 'data');
    return printed;
  };
  return { child, until, ended: once(child, 'close') };
}

function newImage(): string {
  const image = `${tempFolder()}/disk.qed`;
  spawnSync('qemu-img', ['create', '-f', 'qed', image, '1M']);
  return image;
}

describe('the process of headwater io', () => {
  it.each(['abort', 'sigraise 9', 'sigraise 15', 'sigraise 10'])('ends as qemu-io does by %s', (command) => {
    const theirs = spawnSync('qemu-io', ['-c', command]);
    const ours = spawnSync(process.execPath, ourArguments('-c', command));
    expect({ status: ours.status, signal: ours.signal }).toEqual({
      status: theirs.status,
      signal: theirs.signal,
    });
  });

  it('keeps a write that was reported, also when it crashes, as it writes through by default', () => {
    const image = newImage();
    spawnSync(
      process.execPath,
      ourArguments('-f', 'qed', ...asOptions(['write -P 9 5k 100k', 'abort']), image),
    );
    const theirs = spawnSync('qemu-io', ['-f', 'qed', '-r', '-c', 'read -qP 9 5k 100k', image], {
      encoding: 'utf8',
    });
    expect(theirs).toMatchObject({ status: 0, stdout: '' });
    // The lock of the crashed process stands in nobody's way.
    const ours = spawnSync(process.execPath, ourArguments('-f', 'qed', '-c', 'write 0 1', image));
    expect(ours.status).toBe(0);
  });

  it('reports asynchronous requests while it waits for a command', async () => {
    const { child, until, ended } = start('-f', 'qed', newImage());
    await until('qemu-io> ');
    child.stdin.write('aio_read 0 512\n');
    const printed = await until('ops/sec)\n');
    expect(printed).toMatch(/^qemu-io> qemu-io> read 512\/512 bytes at offset 0\n512 bytes, 1 ops; /);
    child.stdin.end();
    expect(await ended).toEqual([0, null]);
  });

  it('ends by quit while its standard input is still open', async () => {
    const { child, until, ended } = start();
    await until('qemu-io> ');
    child.stdin.write('quit\n');
    expect(await ended).toEqual([0, null]);
  });

  it.each(['at the prompt', 'in a command'])('closes the image when it is interrupted %s', async (where) => {
    const image = newImage();
    const { child, until, ended } = start('-f', 'qed', '-t', 'writeback', image);
    await until('qemu-io> ');
    child.stdin.write('write -qP 9 5k 100k\n');
    await until('qemu-io> qemu-io> ');
    if (where === 'in a command') {
      child.stdin.write('length\nsleep 100000\n');
      await until('1 MiB\nqemu-io> ');
    }
    child.kill('SIGINT');
    expect(await ended).toEqual([130, null]);
    expect(fs.readdirSync(image.replace(/\/[^/]*$/, ''))).toEqual(['disk.qed']);
    const theirs = spawnSync('qemu-io', ['-f', 'qed', '-r', '-c', 'read -qP 9 5k 100k', image]);
    expect(theirs.status).toBe(0);
  });
});
