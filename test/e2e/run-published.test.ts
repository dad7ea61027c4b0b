import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { MASTER_FILES } from '../../shared/master-files.ts';
import type { MasterDescription } from '../../shared/master.ts';
import { MIB } from '../../shared/units.ts';
import { aFeed, anEntry, newKey, publish } from '../support/feeds.ts';
import { FetchLedger } from '../support/fetch-ledger.ts';
import { HeadwaterProcess } from '../support/headwater-process.ts';
import { serve } from '../support/served.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { PROJECT_ROOT } from '../support/test-program.ts';

const DISK = path.join(PROJECT_ROOT, '.cache/appliances/disk-tour/disk.raw');
const LEAVE = '\x1dq';
/** All of the disk, of which Disk Tour reads some before it asks what to do. */
const BOOT = { formatVersion: 1, ranges: [[0, 16 * MIB]] };

async function headwater(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const run = HeadwaterProcess.start(args, { env });
  const { code } = await run.ended;
  expect({ code, output: run.output }).toMatchObject({ code: 0 });
  return run.stdout;
}

/** A master with a boot, in a folder of its own that goes with the test. */
async function publishTour(): Promise<string> {
  const out = tempFolder();
  const told = await headwater(['master', 'publish', DISK, '--out', out, '--json']);
  const { folder } = JSON.parse(told) as { folder: string };
  const profile = path.join(out, 'boot.json');
  fs.writeFileSync(profile, JSON.stringify(BOOT));
  await headwater(['master', 'record-boot', folder, '--profile', profile, '--quiet']);
  return folder;
}

async function served(folder: string) {
  const sent = { disk: new FetchLedger(fs.statSync(DISK).size), pack: 0 };
  const server = await serve(path.dirname(path.dirname(folder)), {
    onRequest: (answered) => {
      if (answered.path.endsWith(MASTER_FILES.disk)) sent.disk.note(answered);
      if (answered.path.endsWith(MASTER_FILES.bootPack)) sent.pack += answered.range?.length ?? 0;
    },
  });
  return { sent, url: `${server.url}masters/${path.basename(folder)}/` };
}

async function leave(run: HeadwaterProcess): Promise<void> {
  run.type(LEAVE);
  await run.take(/has stopped; its disk is '/);
  expect((await run.ended).code).toBe(0);
}

describe('headwater run of a published master', () => {
  it.each(['master.json', ''])('boots from its pack alone, named by its address and "%s"', async (file) => {
    const folder = await publishTour();
    const { sent, url } = await served(folder);
    const overlay = path.join(tempFolder(), 'disk.qed');
    const run = HeadwaterProcess.start(['run', '--disk', overlay, '--stream', 'off', url + file], {
      terminal: true,
    });
    await run.take(/tour> /);
    expect(sent.disk.fetchedBytes).toBe(0);
    expect(sent.pack).toBeGreaterThan(0);
    await leave(run);
    expect(fs.readdirSync(path.dirname(overlay)).sort()).toEqual(['disk.qed', 'disk.qed.pack']);
  });

  it('goes on with its overlay when the master has moved, and reaches one of this computer through a line', async () => {
    const folder = await publishTour();
    const { url } = await served(folder);
    const overlay = path.join(tempFolder(), 'disk.qed');
    for (const [counter, ...target] of [
      ['00000001', url],
      ['00000002', '--link', '100mbit,5ms', path.join(folder, 'master.json')],
    ] as const) {
      const run = HeadwaterProcess.start(['run', '--disk', overlay, ...target], { terminal: true });
      await run.take(/tour> /);
      run.type('w');
      await run.take(new RegExp(`counter ${counter} written`));
      await leave(run);
    }
  });

  it('says that it goes on without a pack that is damaged', async () => {
    const folder = await publishTour();
    fs.truncateSync(path.join(folder, MASTER_FILES.bootPack), 100);
    const { url } = await served(folder);
    const overlay = path.join(tempFolder(), 'disk.qed');
    const run = HeadwaterProcess.start(['run', '--disk', overlay, url], { terminal: true });
    await run.waitFor(/the start goes on without the boot pack: /);
    await run.waitFor(/tour> /);
    await leave(run);
  });

  it('refuses a folder without a master, and a line to what is far away', async () => {
    const empty = HeadwaterProcess.start(['run', `${tempFolder()}/`]);
    expect((await empty.ended).code).toBe(1);
    expect(empty.stderr).toMatch(/^headwater run: Could not read '.*master\.json'/);
    const folder = await publishTour();
    const { url } = await served(folder);
    const far = HeadwaterProcess.start(['run', '--link', '1mbit,1ms', url]);
    expect((await far.ended).code).toBe(1);
    expect(far.stderr).toContain('is reached through a real line already');
  });
});

describe('headwater run of an appliance of a feed', () => {
  it('finds it in the catalog, by its name, and boots from its pack', async () => {
    const folder = await publishTour();
    const master = JSON.parse(
      fs.readFileSync(path.join(folder, MASTER_FILES.description), 'utf8'),
    ) as MasterDescription;
    const { sent, url } = await served(folder);
    const place = tempFolder();
    const env = { XDG_DATA_HOME: place };
    const key = newKey();
    const entry = anEntry({ name: 'A Tour', master, sources: [url], diskSizeBytes: master.lengthBytes });
    const now = Date.now();
    const feed = aFeed(key, {
      issued: new Date(now - 1000).toISOString(),
      expires: new Date(now + 86_400_000).toISOString(),
      appliances: [entry],
    });
    await headwater(['feed', 'subscribe', publish(path.join(place, 'feed'), feed, key), '--trust'], env);
    const run = HeadwaterProcess.start(['run', '--stream', 'off', 'A Tour'], { terminal: true, env });
    await run.take(/tour> /);
    expect(sent.disk.fetchedBytes).toBe(0);
    await leave(run);
    expect(fs.readdirSync(path.join(place, 'headwater/overlays'))).toContainEqual(
      expect.stringMatching(/-tiny-.*\.qed$/),
    );
    const missing = HeadwaterProcess.start(['run', 'no-such'], { env });
    expect((await missing.ended).code).toBe(1);
    expect(missing.stderr).toContain("there is no appliance 'no-such'");
  });
});
