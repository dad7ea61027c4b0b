import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../shared/clock.ts';
import { unwrap } from '../../shared/result.ts';
import { MIB } from '../../shared/units.ts';
import { describeBlockDevice } from '../../main/block/device.conformance.ts';
import { openNbdDevice } from '../../main/block/nbd/nbd-device.ts';
import { newImages, openDisk, MASTER_BYTES } from '../support/disk-workbench.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { startServer, uriOf } from '../support/foreign-server.ts';

const run = promisify(execFile);

const fioBytes = z.object({ io_bytes: z.number() });
const fioReport = z.object({
  jobs: z.array(z.object({ error: z.number(), read: fioBytes, write: fioBytes })),
});

async function opened(uri: string) {
  return unwrap(await openNbdDevice(uri, { clock: systemClock, readOnly: false }));
}

describeBlockDevice('an export of qemu-nbd', {
  make: async (content) => {
    const folder = tempFolder();
    const [image, socket] = [path.join(folder, 'disk.raw'), path.join(folder, 'socket')];
    fs.writeFileSync(image, content);
    await startServer('qemu-nbd', ['-f', 'raw', '-t', '-e', '8', '-k', socket, image], socket);
    return opened(uriOf(socket));
  },
});

describeBlockDevice('an export of nbdkit', {
  make: async (content) => {
    const folder = tempFolder();
    const [image, socket] = [path.join(folder, 'disk.raw'), path.join(folder, 'socket')];
    fs.writeFileSync(image, content);
    await startServer('nbdkit', ['-f', '-U', socket, 'file', image], socket);
    return opened(uriOf(socket));
  },
});

async function served() {
  const images = await newImages({ imageBytes: MASTER_BYTES + MIB });
  const { disk } = await openDisk(images.chain, { copyOnRead: 'off' });
  const socket = path.join(images.folder, 'socket');
  unwrap(await disk.serveNbd({ address: { kind: 'unix', path: socket }, exportName: 'disk' }));
  return { ...images, disk, uri: `nbd+unix:///disk?socket=${socket}` };
}

describe('a disk of ours, to the clients of others', () => {
  it('is written and read by qemu-io', async () => {
    const { uri } = await served();
    const commands = [
      'write -P 7 1000 3M',
      'read -P 7 1000 3M',
      'write -z 4M 64k',
      'read -P 0 4M 64k',
      'write -f -P 9 511 2',
      'discard 2M 1M',
      'flush',
      'aio_write -P 5 64k 128k',
      'aio_flush',
      'read -P 5 64k 128k',
    ];
    const { stdout } = await run('qemu-io', ['-f', 'raw', ...commands.flatMap((one) => ['-c', one]), uri]);
    expect(stdout).not.toMatch(/failed|error/i);
    await expect(run('qemu-io', ['-f', 'raw', '-c', 'read 5M 512', uri])).rejects.toThrow();
  });

  it('looks to qemu-img as the image itself does', async () => {
    const { uri, disk, overlay, folder } = await served();
    await run('qemu-io', ['-f', 'raw', '-c', 'write -P 3 1M 64k', '-c', 'write -z 2M 1M', uri]);
    const map = async (image: string, format: string): Promise<unknown> =>
      JSON.parse((await run('qemu-img', ['map', '--output=json', '-f', format, image])).stdout);
    const ours = await map(uri, 'raw');
    const copy = path.join(folder, 'copy.raw');
    await run('qemu-img', ['convert', '-f', 'raw', '-O', 'raw', uri, copy]);
    unwrap(await disk.close());
    await run('qemu-img', ['compare', '-f', 'raw', '-F', 'qed', copy, overlay]);
    const states = (entries: unknown) =>
      (entries as { start: number; length: number; zero: boolean }[]).reduce<[number, boolean][]>(
        (all, { length, zero }) => {
          const last = all.at(-1);
          if (last?.[1] === zero) last[0] += length;
          else all.push([length, zero]);
          return all;
        },
        [],
      );
    expect(states(ours)).toEqual(states(await map(overlay, 'qed')));
  });

  it('is described by nbdinfo, with what is local and what is to come', async () => {
    const { uri } = await served();
    await run('qemu-io', ['-f', 'raw', '-c', 'write -P 3 1M 64k', uri]);
    const { stdout } = await run('nbdinfo', ['--json', uri]);
    const [found] = (JSON.parse(stdout) as { exports: Record<string, unknown>[] }).exports;
    expect(found).toMatchObject({
      'export-name': 'disk',
      'export-size': MASTER_BYTES + MIB,
      is_read_only: false,
      can_multi_conn: true,
      can_cache: true,
      can_fast_zero: true,
      contexts: ['base:allocation', 'qemu:allocation-depth', 'headwater:source'],
    });
    const rows = async (context: string) =>
      (await run('nbdinfo', [`--map=${context}`, uri])).stdout
        .trim()
        .split('\n')
        .map((line) => line.trim().split(/\s+/).slice(0, 3).map(Number));
    expect(await rows('headwater:source')).toEqual([
      [0, MIB, 1],
      [MIB, 65_536, 0],
      [MIB + 65_536, 3 * MIB - 65_536, 1],
      [MASTER_BYTES, MIB, 0],
    ]);
    expect(await rows('qemu:allocation-depth')).toEqual([
      [0, MIB, 2],
      [MIB, 65_536, 1],
      [MIB + 65_536, 4 * MIB - 65_536, 2],
    ]);
  });

  it('is copied whole by nbdcopy, out and in', async () => {
    const { uri, content, folder } = await served();
    const out = path.join(folder, 'out.raw');
    await run('nbdcopy', [uri, out]);
    expect(fs.readFileSync(out).subarray(0, MASTER_BYTES).equals(content)).toBe(true);
    const changed = fs.readFileSync(out).fill(5, 100_000, 2_000_000);
    fs.writeFileSync(out, changed);
    await run('nbdcopy', ['--flush', out, uri]);
    await run('nbdcopy', [uri, `${out}.again`]);
    expect(fs.readFileSync(`${out}.again`).equals(changed)).toBe(true);
  });

  it("is read and written by fio's nbd engine, at depth, and gives back what was written", async () => {
    const { uri, folder } = await served();
    const output = path.join(folder, 'fio.json');
    const job = ['--name=j', '--ioengine=nbd', `--uri=${uri}`, '--rw=randrw', '--bs=4k', '--iodepth=64'];
    const verify = ['--verify=crc32c', '--verify_state_save=0'];
    await run('fio', [...job, ...verify, '--size=4m', '--output-format=json', `--output=${output}`]);
    const report = fioReport.parse(JSON.parse(fs.readFileSync(output, 'utf8')));
    expect(report.jobs).toMatchObject([{ error: 0 }]);
    // Half of them are writes, and what was written is read once more and compared.
    expect(report.jobs[0]?.read.io_bytes).toBeGreaterThanOrEqual(4 * MIB);
    expect(report.jobs[0]?.write.io_bytes).toBeGreaterThan(MIB);
  });
});
