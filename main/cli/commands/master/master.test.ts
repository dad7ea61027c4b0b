import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { MIB } from '../../../../shared/units.ts';
import type { MasterDescription } from '../../../../shared/master.ts';
import { FakeTerminal } from '../../../../test/support/fake-terminal.ts';
import { aFeed, anEntry, DAY_MS, newKey, publish } from '../../../../test/support/feeds.ts';
import { HeadwaterProcess } from '../../../../test/support/headwater-process.ts';
import { writeRaw } from '../../../../test/support/image-files.ts';
import { serve } from '../../../../test/support/served.ts';
import { spoil } from '../../../../test/support/published-master.ts';
import { tempFolder } from '../../../../test/support/temp-folder.ts';
import { EXIT } from '../../terminal.ts';
import { feedCommand } from '../feed/index.ts';
import { masterCommand } from './index.ts';

async function run(...args: string[]): Promise<{ code: number; terminal: FakeTerminal }> {
  const terminal = new FakeTerminal();
  return { code: await masterCommand.run(args, terminal), terminal };
}

function newDisk(lengthBytes = 2 * MIB): string {
  const disk = path.join(tempFolder(), 'disk.raw');
  writeRaw(disk, lengthBytes);
  return disk;
}

describe('headwater master', () => {
  it('lists its commands', async () => {
    const { code, terminal } = await run('--help');
    expect(code).toBe(0);
    expect(terminal.stdout).toContain('usage: headwater master COMMAND');
    expect((await run()).code).toBe(2);
    const unknown = await run('bake');
    expect([unknown.code, unknown.terminal.stderr]).toEqual([
      2,
      "headwater master: there is no command 'bake'; 'headwater master help' lists them\n",
    ]);
  });

  it.each([
    [['publish'], 'give one disk to publish'],
    [['publish', 'a', 'b', '-o', 'x'], 'give one disk to publish'],
    [['publish', 'a'], 'give the folder to publish to with --out'],
    [['publish', 'a', '-o', 'x', '-f', 'qcow2'], '--format takes one of raw, qed'],
    [['publish', '/does/not/exist', '-o', '/tmp/x'], "Could not open '/does/not/exist'"],
    [['record-boot'], 'give the folder of one published master'],
    [['record-boot', 'http://h/x'], 'give the folder of one published master'],
    [['record-boot', '-m', '5', 'x'], '--memory takes a whole number of MiB from 16 to 1024'],
    [['record-boot', '--backend', 'xen', 'x'], '--backend takes v86 or qemu'],
    [['record-boot', '--arch', 'x86_64', 'x'], 'use --backend qemu'],
    [['record-boot', '--backend', 'qemu', '--arch', 'arm', 'x'], '--arch takes one of i386, x86_64, aarch64'],
    [['record-boot', '--backend', 'qemu', '--state', 'x'], 'machines in qemu cannot be saved'],
    [['record-boot', '--profile', '/does/not/exist', 'x'], "Could not read '/does/not/exist'"],
    [['verify'], 'give the folder or the address of one master'],
    [['verify', '/does/not/exist'], "Could not read '/does/not/exist/master.json'"],
    [['verify', '--bogus', 'a'], "unrecognized option '--bogus'"],
    [['mirrors'], 'give the places of one master, or an appliance'],
    [['mirrors', '--appliance', 'x', 'a'], 'give the places of one master, or an appliance'],
  ])('refuses %j', async (args, message) => {
    const { code, terminal } = await run(...args);
    expect(code).toBe(args.includes('/does/not/exist') ? EXIT.failed : EXIT.misused);
    expect(terminal.stderr).toMatch(/^headwater master (publish|record-boot|verify|mirrors): .*\n$/);
    expect(terminal.stderr).toContain(message);
  });

  it('publishes a disk and verifies it', async () => {
    const out = tempFolder();
    const published = await run('publish', newDisk(), '--out', out);
    expect(published).toMatchObject({ code: 0, terminal: { stderr: '' } });
    const [sha256 = ''] = fs.readdirSync(path.join(out, 'masters'));
    const folder = path.join(out, 'masters', sha256);
    expect(published.terminal.stdout).toContain('100 %  2.0 MiB of 2.0 MiB');
    expect(published.terminal.stdout).toContain(`published 2.0 MiB to '${folder}'\n`);
    const verified = await run('verify', folder);
    expect(verified.code).toBe(0);
    expect(verified.terminal.stdout).toContain(`'${folder}' is as its description says: 2.0 MiB were read\n`);
  });

  it('tells what is wrong, and ends with 1', async () => {
    const out = tempFolder();
    await run('publish', newDisk(), '--out', out, '--quiet');
    const [sha256 = ''] = fs.readdirSync(path.join(out, 'masters'));
    const folder = path.join(out, 'masters', sha256);
    spoil(folder, MIB);
    const { code, terminal } = await run('verify', '--quiet', folder);
    expect(code).toBe(1);
    expect(terminal.stdout).toBe(
      'disk.raw at 1048576: the 65536 bytes have another SHA-256\ndisk.raw: it has another SHA-256 as a whole\n',
    );
  });

  it('answers in JSON', async () => {
    const out = tempFolder();
    const published = await run('publish', newDisk(), '--out', out, '--json');
    const told = JSON.parse(published.terminal.stdout) as { folder: string; master: MasterDescription };
    expect(told).toMatchObject({ existed: false, master: { lengthBytes: 2 * MIB } });
    expect(JSON.parse(fs.readFileSync(path.join(told.folder, 'master.json'), 'utf8'))).toEqual(told.master);
    const verified = await run('verify', '--json', told.folder);
    expect(JSON.parse(verified.terminal.stdout)).toMatchObject({
      source: told.folder,
      sha256: told.master.sha256,
      problemCount: 0,
      problems: [],
    });
  });

  it('shows how the mirrors of a master do, and ends with 1 when one does not', async () => {
    const out = tempFolder();
    await run('publish', newDisk(), '--out', out, '--quiet');
    const [sha256 = ''] = fs.readdirSync(path.join(out, 'masters'));
    const folder = path.join(out, 'masters', sha256);
    const liar = path.join(tempFolder(), sha256);
    fs.cpSync(folder, liar, { recursive: true });
    const [good, bad] = [await serve(folder), await serve(liar)];
    expect(await run('mirrors', good.url, bad.url)).toMatchObject({ code: 0, terminal: { stderr: '' } });
    spoil(liar, 0);
    const gone = `http://127.0.0.1:1/${sha256}/`;
    const { code, terminal } = await run('mirrors', '--json', good.url, bad.url, gone);
    expect(code).toBe(EXIT.failed);
    expect(JSON.parse(terminal.stdout)).toMatchObject({
      sha256,
      lengthBytes: 2 * MIB,
      sources: [
        { location: good.url, state: 'answers', wrongAnswers: 0, broughtBytes: 2 * MIB + 64 + 32 * 32 },
        { location: bad.url, state: 'wrong-bytes', wrongAnswers: 1, failure: { code: 'source-changed' } },
        { location: gone, state: 'unreachable', broughtBytes: 0, failure: { code: 'source-unreachable' } },
      ],
    });
    const table = await run('mirrors', good.url, bad.url);
    expect(table.terminal.stdout).toMatch(
      /^STATE +FIRST BYTE +RATE +BROUGHT +SOURCE\nanswers .*\nwrong bytes /,
    );
    expect(table.terminal.stdout).toContain('(wrong SHA-256) (1 wrong answer)\n');
  });

  it('knows the mirrors of an appliance by its feed', async () => {
    vi.stubEnv('XDG_DATA_HOME', tempFolder());
    onTestFinished(() => void vi.unstubAllEnvs());
    const site = tempFolder();
    const { terminal } = await run('publish', newDisk(), '--out', site, '--json');
    const { folder, master } = JSON.parse(terminal.stdout) as { folder: string; master: MasterDescription };
    const server = await serve(folder);
    const key = newKey();
    const now = Date.now();
    const [issued = '', expires = ''] = [now - DAY_MS, now + DAY_MS].map((ms) => new Date(ms).toISOString());
    const sources = [`masters/${master.sha256}/`, server.url];
    const entry = anEntry({ name: 'Mirrored', diskSizeBytes: master.lengthBytes, master, sources });
    const location = publish(site, aFeed(key, { issued, expires, appliances: [entry] }), key);
    expect(await feedCommand.run(['subscribe', location, '--trust'], new FakeTerminal())).toBe(EXIT.done);
    const looked = await run('mirrors', '--json', '--appliance', 'Mirrored');
    expect(looked.code).toBe(EXIT.done);
    expect(JSON.parse(looked.terminal.stdout)).toMatchObject({
      sha256: master.sha256,
      sources: [
        { location: path.join(folder, path.sep), state: 'answers' },
        { location: server.url, state: 'answers' },
      ],
    });
    const unknown = await run('mirrors', '--appliance', 'Nothing');
    expect([unknown.code, unknown.terminal.stderr]).toEqual([
      EXIT.failed,
      expect.stringContaining("there is no appliance 'Nothing'"),
    ]);
  });

  it('makes the pack of a boot that was recorded before', async () => {
    const out = tempFolder();
    const { terminal } = await run('publish', newDisk(), '--out', out, '--json');
    const { folder } = JSON.parse(terminal.stdout) as { folder: string };
    const profile = path.join(tempFolder(), 'boot.json');
    fs.writeFileSync(profile, JSON.stringify({ formatVersion: 1, ranges: [[4096, 8192]] }));
    const recorded = await run('record-boot', '--profile', profile, folder);
    expect(recorded).toMatchObject({ code: 0, terminal: { stderr: '' } });
    expect(recorded.terminal.stdout).toContain('the boot reads 8.0 KiB; its pack is ');
    expect((await run('verify', folder)).code).toBe(0);
  });

  it('ends when it is interrupted, and goes on the next time', async () => {
    const disk = newDisk(300 * MIB);
    const out = tempFolder();
    const first = HeadwaterProcess.start(['master', 'publish', disk, '--out', out]);
    await first.waitFor(/\d %/);
    first.signal('SIGINT');
    expect(await first.ended).toEqual({ code: 130, signal: null });
    expect(first.stderr).toContain('the next attempt goes on with what is copied');
    const { code } = await HeadwaterProcess.start(['master', 'publish', disk, '--out', out]).ended;
    expect(code).toBe(0);
    expect(fs.readdirSync(path.join(out, 'masters'))).toHaveLength(1);
  });
});
