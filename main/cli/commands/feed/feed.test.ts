import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { unwrap } from '../../../../shared/result.ts';
import { anEntry } from '../../../../test/support/feeds.ts';
import { FakeTerminal } from '../../../../test/support/fake-terminal.ts';
import { tempFolder } from '../../../../test/support/temp-folder.ts';
import { Catalog } from '../../../catalog/catalog.ts';
import { appliancesCommand } from '../appliances/index.ts';
import { feedCommand } from './index.ts';

beforeEach(() => void vi.stubEnv('SOURCE_DATE_EPOCH', String(Math.floor(Date.now() / 1000))));
afterEach(() => void vi.unstubAllEnvs());

async function run(...args: string[]) {
  const terminal = new FakeTerminal();
  const [first, ...rest] = args;
  const code = await (first === 'appliances'
    ? appliancesCommand.run(rest, terminal)
    : feedCommand.run(args, terminal));
  return { code, out: terminal.stdout, err: terminal.stderr };
}

async function must(...args: string[]): Promise<string> {
  const { code, out, err } = await run(...args);
  expect([code, err]).toEqual([0, '']);
  return out;
}

/** A publisher's folder: a key, a feed with one appliance in it, not yet issued. */
async function publisher() {
  const folder = tempFolder();
  const at = (name: string) => path.join(folder, name);
  vi.stubEnv('XDG_DATA_HOME', at('data'));
  const { master, ...description } = anEntry();
  const masterFolder = at(`feed/masters/${master.sha256}`);
  fs.mkdirSync(masterFolder, { recursive: true });
  fs.writeFileSync(path.join(masterFolder, 'master.json'), JSON.stringify(master));
  fs.writeFileSync(path.join(masterFolder, 'disk.raw'), Buffer.alloc(4096));
  fs.writeFileSync(at('appliance.json'), JSON.stringify(description));
  await must('key', at('key'));
  await must('init', at('feed'), '--id', 'org.example', '--name', 'Example', '--key', at('key'));
  await must('add', at('feed'), at('appliance.json'), '--master', masterFolder);
  const sign = (...more: string[]) => must('sign', at('feed'), '--key', at('key'), ...more);
  const feed = () => JSON.parse(fs.readFileSync(at('feed/feed.json'), 'utf8')) as Record<string, unknown>;
  return { folder, at, sign, feed, location: at('feed/feed.json') };
}

describe('headwater feed, for publishers', () => {
  it('makes keys that only their owner can read, and replaces none', async () => {
    const { at } = await publisher();
    expect(fs.statSync(at('key')).mode & 0o777).toBe(0o600);
    expect(fs.readFileSync(at('key.pub'), 'utf8')).toMatch(/^untrusted comment: .*\nRW\S{54}\n$/);
    expect(await run('key', at('key'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('File exists') as string,
    });
  });

  it('refuses a secret key that others can read', async () => {
    const { at } = await publisher();
    fs.chmodSync(at('key'), 0o644);
    expect(await run('sign', at('feed'), '--key', at('key'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('chmod 600') as string,
    });
  });

  it('asks for the secret key when it is given the public one', async () => {
    const { at } = await publisher();
    expect(await run('sign', at('feed'), '--key', at('key.pub'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('is a public key; give the secret one') as string,
    });
  });

  it('issues a feed that verifies, also with minisign, with the folder of the master as its source', async () => {
    const { at, sign, feed, location } = await publisher();
    expect(await run('verify', location)).toMatchObject({ code: 1 });
    await sign();
    expect(feed()).toMatchObject({
      serial: 2,
      appliances: [{ id: 'tiny', sources: [`masters/${anEntry().master.sha256}/`] }],
    });
    expect(await must('verify', location, '--key', at('key.pub'))).toContain('appliances   1');
    expect(
      execFileSync('minisign', ['-V', '-m', location, '-p', at('key.pub')], { encoding: 'utf8' }),
    ).toContain('Trusted comment: feed org.example serial 2');
    expect(await run('verify', location, '--key', 'RW'.padEnd(56, 'A'))).toMatchObject({ code: 1 });
  });

  it('is verified in its folder, too', async () => {
    const { at, sign } = await publisher();
    await sign();
    expect(await must('verify', at('feed'), '--key', at('key.pub'))).toContain('appliances   1');
  });

  it('is not read from what never ends', async () => {
    const { at } = await publisher();
    const endless = '/dev/zero';
    const refused = { code: 1, err: expect.stringContaining(`'${endless}' is not a regular file`) as string };
    expect(await run('add', at('feed'), endless, '--master', at('feed'))).toMatchObject(refused);
    expect(await run('lint', endless)).toMatchObject(refused);
    expect(await run('sign', at('feed'), '--key', endless)).toMatchObject({ code: 1 });
    expect(await run('verify', at('feed'), '--key', endless)).toMatchObject({ code: 1 });
    fs.writeFileSync(at('long.json'), Buffer.alloc(5 * 1024 * 1024, 0x20));
    expect(await run('lint', at('long.json'))).toMatchObject({ code: 1 });
  });

  it('makes the same bytes of the same feed', async () => {
    const { at, sign } = await publisher();
    await sign('--serial', '5');
    const files = ['feed/feed.json', 'feed/feed.json.minisig'].map((name) => fs.readFileSync(at(name)));
    await sign('--serial', '5');
    expect(['feed/feed.json', 'feed/feed.json.minisig'].map((name) => fs.readFileSync(at(name)))).toEqual(
      files,
    );
  });

  it('finds what readers would refuse, and what was not meant', async () => {
    const { at, sign, feed, location } = await publisher();
    expect(await must('lint', at('feed'))).toMatch(/^warning: feed\.json\.minisig: .*; sign it\n$/);
    await sign();
    expect(await must('lint', at('feed'))).toContain('is as it should be');
    fs.writeFileSync(location, JSON.stringify({ ...feed(), hompage: 'https://example.org' }));
    expect(await must('lint', location)).toBe('warning: hompage: is not known, and is ignored\n');
    fs.writeFileSync(location, JSON.stringify({ ...feed(), serial: 0 }));
    const { code, out } = await run('lint', location, '--json');
    expect([code, JSON.parse(out)]).toMatchObject([1, { remarks: [{ level: 'error' }] }]);
  });

  it('does not sign for another key, unless the old one passes the feed on', async () => {
    const { at, sign, location } = await publisher();
    await sign();
    await must('subscribe', location, '--trust');
    await must('key', at('next'));
    expect(await run('sign', at('feed'), '--key', at('next'))).toMatchObject({ code: 1 });
    await must('sign', at('feed'), '--key', at('next'), '--old-key', at('key'));
    expect((await run('refresh')).code).toBe(0);
    const [view] = JSON.parse(await must('list', '--json')) as { key: string; serial: number }[];
    expect(view).toMatchObject({ serial: 3, key: fs.readFileSync(at('next.pub'), 'utf8').split('\n')[1] });
  });

  it.each([
    [['add'], 2, 'give the folder of the feed and the description'],
    [['sign', '/does/not/exist', '--key', 'x'], 1, "Could not read '/does/not/exist/feed.json'"],
    [['init', 'x'], 2, 'give --id'],
    [['verify', 'ftp://example.org/feed.json'], 1, 'http:// or https://'],
  ])('refuses %j', async (args, code, message) => {
    expect(await run(...args)).toMatchObject({ code, err: expect.stringContaining(message) as string });
  });
});

describe('headwater feed, for readers', () => {
  it('subscribes to the key that was given, or trusts the first one when told to', async () => {
    const { at, sign, location } = await publisher();
    await sign();
    expect(await run('subscribe', location)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/fingerprint .*\n[\s\S]*nobody can be asked/) as string,
    });
    expect(await run('subscribe', location, '--key', 'RW'.padEnd(56, 'A'))).toMatchObject({ code: 1 });
    expect(await must('list')).toBe('no feeds yet\n');
    await must('subscribe', location, '--key', at('key.pub'));
    expect(await must('list')).toContain('Example');
    expect(await run('subscribe', location, '--trust')).toMatchObject({ code: 1 });
    await must('unsubscribe', 'Example');
    expect(await must('list')).toBe('no feeds yet\n');
  });

  it('refuses what is rolled back, and says so', async () => {
    const { at, sign, location } = await publisher();
    await sign('--serial', '9');
    await must('subscribe', location, '--key', at('key.pub'));
    await sign('--serial', '8');
    const { code, out } = await run('refresh', 'Example', '--json');
    expect([code, JSON.parse(out)]).toMatchObject([1, [{ serial: 9, failure: { code: 'untrusted' } }]]);
  }, 30_000);

  it('lists, shows and installs what feeds offer', async () => {
    const { sign, location } = await publisher();
    await sign();
    await must('subscribe', location, '--trust');
    expect(await must('appliances', 'list', '--feed', 'Example')).toMatch(
      /^ID +NAME +PROCESSOR +DISK +FEED\n[0-9a-f]{16}-tiny +Tiny 1\.0 .* Example/,
    );
    // By its name, the id its publisher gave it, and the one it has here.
    const [{ id } = { id: '' }] = JSON.parse(
      await must('appliances', 'list', '--feed', 'Example', '--json'),
    ) as { id: string }[];
    for (const word of ['Tiny', 'tiny', 'TINY', id]) {
      expect(await must('appliances', 'show', word)).toContain('Example, signed, current');
    }
    expect(await run('appliances', 'show', 'tyni')).toMatchObject({
      code: 1,
      err: expect.stringContaining("did you mean 'tiny'?") as string,
    });
    await must('appliances', 'install', 'Tiny');
    const [entry] = JSON.parse(await must('appliances', 'list', '--feed', 'Example', '--json')) as object[];
    expect(entry).toMatchObject({ name: 'Tiny', available: true, feed: { signed: true } });
    expect(await run('appliances', 'install', 'nothing')).toMatchObject({ code: 1 });
  });

  it('is refused clearly while the app has the catalog', async () => {
    const { at } = await publisher();
    fs.mkdirSync(at('data/headwater'), { recursive: true });
    const app = unwrap(Catalog.open(at('data/headwater/catalog.db'), { nowMs: () => 0 }));
    expect(await run('list')).toMatchObject({
      code: 1,
      err: expect.stringContaining('another Headwater is using it; close that one first') as string,
    });
    unwrap(app.close());
  });
});

describe('headwater appliances build', () => {
  it('names the recipes there are', async () => {
    expect(await run('appliances', 'build', 'nothing')).toMatchObject({
      code: 1,
      err: expect.stringContaining('tiny-linux') as string,
    });
  });
});
