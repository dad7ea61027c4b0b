import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { MIB } from '../../shared/units.ts';
import { serveNbd } from '../support/nbd-served.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { WatchedDevice } from '../support/watched-device.ts';
import { startServer } from '../support/foreign-server.ts';
import { headwaterImage, prepare, runBoth, Twins, words, type TwinFolders } from './image-twins.ts';

const EXPORT = 'nbd+unix:///?socket=socket';

const twins = new Twins([
  'create -q -f raw b.raw 4M',
  'io b.raw write -P 1 0 64k',
  'io b.raw write -P 2 1M 200k',
  'create -q -f qed -b b.raw -F raw t.qed',
  'io t.qed write -P 3 2M 100k',
  'io t.qed write -z 1M 64k',
  'create -q -f raw odd.raw 1000k',
  'io odd.raw write -P 4 1 999k',
]);

/** Twin folders, in each a disk of `lengthBytes` full of 0x55, served at `socket`. */
async function targets(lengthBytes: number, ...options: string[]): Promise<TwinFolders> {
  const folders = twins.copies();
  for (const folder of [folders.theirs, folders.ours]) {
    fs.writeFileSync(path.join(folder, 'target.raw'), Buffer.alloc(lengthBytes, 0x55));
    const socket = path.join(folder, 'socket');
    const args = ['-f', 'raw', '-t', '-e', '0', '--discard=unmap', '-k', socket, ...options, 'target.raw'];
    await startServer('qemu-nbd', args, socket, folder);
  }
  return folders;
}

const targetOf = (folder: string) => fs.readFileSync(path.join(folder, 'target.raw'));

describe('headwater image convert to an export', () => {
  it.each([
    ['convert -n -O raw t.qed', 4],
    ['convert -O raw t.qed', 4],
    ['convert t.qed', 4],
    ['convert -n -t writeback b.raw', 4],
    ['convert -n b.raw', 6],
    ['convert b.raw', 6],
    ['convert -n odd.raw', 4],
    ['convert -n -S 0 t.qed', 4],
    ['convert -n -m 1 t.qed', 4],
    ['convert -n -m 16 -W t.qed', 4],
    ['convert -n t.qed odd.raw b.raw', 16],
    ['convert -n --target-is-zero t.qed', 4],
  ])('%s leaves there what qemu-img leaves, in an export of %i MiB', async (line, megabytes) => {
    const folders = await targets(megabytes * MIB);
    const { theirs, ours } = await runBoth(folders, [...words(line), EXPORT]);
    expect(ours).toEqual(theirs);
    expect(ours.code).toBe(0);
    expect(targetOf(folders.ours).equals(targetOf(folders.theirs))).toBe(true);
  });

  it.each([
    ['convert -n b.raw', 3 * MIB, []],
    ['convert b.raw', 3 * MIB, []],
    ['convert -o preallocation=full b.raw', 4 * MIB, []],
    ['convert -n -o size=4M b.raw', 4 * MIB, []],
  ] as const)(
    '%s is refused as by qemu-img, in an export of %i bytes',
    async (line, lengthBytes, options) => {
      const folders = await targets(lengthBytes, ...options);
      const { theirs, ours } = await runBoth(folders, [...words(line), EXPORT]);
      expect(ours).toEqual(theirs);
      expect(ours.code).toBe(1);
      expect(targetOf(folders.ours).every((byte) => byte === 0x55)).toBe(true);
    },
  );

  it.each([
    ['convert -n b.raw', ['-r'], /Could not open '.*': the server exports it read-only/],
    ['convert b.raw', ['-r'], /error while converting raw: the server exports it read-only/],
    ['convert -n -O qed b.raw', [], /Could not open '.*': an export cannot grow, as QED images do/],
    ['convert -O qed b.raw', [], /error while converting qed: an export cannot grow/],
    ['convert -n b.raw', ['-x', 'other'], /the server has no export ''/],
  ] as const)('%s %j is refused as by qemu-img, in plainer words', async (line, options, message) => {
    const folders = await targets(4 * MIB, ...options);
    const { theirs, ours } = await runBoth(folders, [...words(line), EXPORT]);
    expect([ours.code, ours.stdout]).toEqual([theirs.code, theirs.stdout]);
    expect(ours.stderr).toMatch(message);
    expect(targetOf(folders.ours).every((byte) => byte === 0x55)).toBe(true);
  });

  it('is refused where nobody serves, and where the target is on a web server', async () => {
    const folder = twins.copies().ours;
    const failed = await headwaterImage(folder, ['convert', '-n', 'b.raw', EXPORT]);
    expect(failed).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('nobody listens there') as string,
    });
    const web = await headwaterImage(folder, ['convert', '-n', 'b.raw', 'http://localhost/x.raw']);
    expect(web).toMatchObject({ code: 1, stderr: expect.stringContaining('on a web server') as string });
  });

  it('sends zeroes as zeroes, and flushes at the end', async () => {
    const device = new WatchedDevice(64 * MIB);
    const { uri } = await serveNbd([{ name: '', device }]);
    const folder = tempFolder();
    prepare(folder, ['create -q -f raw sparse.raw 64M', 'io sparse.raw write -P 7 20M 1M']);
    const done = await headwaterImage(folder, ['convert', '-p', '-n', 'sparse.raw', uri()]);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toContain('(100.00/100%)');
    const written = device.log
      .filter((entry) => entry.startsWith('write'))
      .reduce((sum, entry) => sum + Number(entry.split('+')[1]), 0);
    expect(written).toBe(MIB);
    expect(device.log.some((entry) => entry.startsWith('zero'))).toBe(true);
    expect(device.log.at(-1)).toBe('flush');
  });

  it.each([1_000_001, MIB + 511])(
    'fills an export of exactly %i bytes, which are no whole sectors',
    async (lengthBytes) => {
      const folder = tempFolder();
      const content = Buffer.alloc(lengthBytes, 7);
      content.fill(0, lengthBytes - 70_000, lengthBytes - 1);
      fs.writeFileSync(path.join(folder, 'odd.raw'), content);
      const device = new WatchedDevice(lengthBytes);
      device.bytes.fill(0x55);
      const { uri } = await serveNbd([{ name: '', device }]);
      const done = await headwaterImage(folder, ['convert', '-f', 'raw', '-O', 'raw', 'odd.raw', uri()]);
      expect(done).toMatchObject({ code: 0, stderr: '' });
      expect(content.equals(device.bytes)).toBe(true);
      const small = new WatchedDevice(lengthBytes - 1);
      const refused = await headwaterImage(folder, [
        ...['convert', '-f', 'raw', '-n', '-O', 'raw', 'odd.raw'],
        (await serveNbd([{ name: '', device: small }])).uri(),
      ]);
      expect(refused).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('smaller than input') as string,
      });
    },
  );

  it('says where the target failed', async () => {
    const device = new WatchedDevice(4 * MIB);
    const { uri } = await serveNbd([{ name: '', device }]);
    device.failing.set('write', { ok: false, failure: { code: 'no-space', message: 'full' } });
    const failed = await headwaterImage(twins.copies().ours, ['convert', '-n', 'b.raw', uri()]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/error while writing at byte \d+: .*No space left on device/);
  });
});
