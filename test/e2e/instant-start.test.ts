/** Tiny Linux is published with a machine saved at its login prompt, and started from that over a slow line. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { applianceDescriptionSchema } from '../../shared/appliance.ts';
import type { Notice } from '../../shared/ipc/notices.ts';
import type { MasterDescription } from '../../shared/master.ts';
import { unwrap } from '../../shared/result.ts';
import type { BackEnd } from '../../main/app/back-end.ts';
import { parseLinkSpec } from '../../main/serve/link-spec.ts';
import { newMaster } from '../../main/catalog/tables/masters.ts';
import { SerialConsole } from '../../main/machines/expect.ts';
import { inGuest } from '../support/in-guest.ts';
import { HeadwaterProcess } from '../support/headwater-process.ts';
import { installed } from '../support/machine-workbench.ts';
import { serve } from '../support/served.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { openApp } from './app-guests.ts';

/** Guests run many times slower on a busy machine. */
const PATIENCE = { withinMs: 500_000 };
const LONG = { timeout: 500_000, interval: 200 };
const LINE = '20mbit,30ms';
const MEMORY_MIB = 128;

/** The files of the published master, kept in memory: folders of tests end with them. */
let files: ReadonlyMap<string, Uint8Array>;
let description: MasterDescription;

beforeAll(async () => {
  const site = fs.mkdtempSync(path.join(os.tmpdir(), 'headwater-instant-'));
  try {
    const { masterPath } = installed('tiny-linux');
    await headwater('master', 'publish', masterPath, '--out', site, '--quiet');
    const [first = ''] = fs.readdirSync(path.join(site, 'masters'));
    const folder = path.join(site, 'masters', first);
    const recording = ['--state', '--memory', String(MEMORY_MIB), '--json'];
    const told = await headwater('master', 'record-boot', ...recording, folder);
    const second = JSON.parse(told) as { folder: string; master: MasterDescription };
    expect(await headwater('master', 'verify', second.folder)).toContain('is as its description says');
    // The first one is left as it was.
    expect(await headwater('master', 'verify', folder)).toContain('is as its description says');
    ({ master: description } = second);
    const names = fs.readdirSync(second.folder);
    files = new Map(names.map((name) => [name, fs.readFileSync(path.join(second.folder, name))]));
  } finally {
    fs.rmSync(site, { recursive: true });
  }
}, 1_200_000);

async function headwater(...args: string[]): Promise<string> {
  const run = HeadwaterProcess.start(args, { lasts: 'until-it-ends' });
  const { code } = await run.ended;
  expect({ code, stderr: run.stderr }).toEqual({ code: 0, stderr: '' });
  return run.stdout;
}

/** No table of the image is wrong. Who was killed may have left clusters that none names (ADR 3): they cost space only. */
async function expectSound(overlay: string): Promise<void> {
  const check = HeadwaterProcess.start(['image', 'check', overlay], { lasts: 'until-it-ends' });
  const { code } = await check.ended;
  expect(check.stdout + check.stderr).not.toMatch(/\berror\b|corrupt/i);
  expect([0, 3], check.stdout).toContain(code);
}

/** The master in a folder of the running test. */
function masterFolder(): string {
  const folder = path.join(tempFolder(), 'masters', description.sha256);
  fs.mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of files) fs.writeFileSync(path.join(folder, name), bytes);
  return folder;
}

interface Office {
  readonly backEnd: BackEnd;
  readonly notices: Notice[];
  readonly folder: string;
}

/** The app with the appliance in its catalog, at the other end of a line. */
async function openOffice(spoil: (folder: string) => void = () => undefined): Promise<Office> {
  const master = masterFolder();
  spoil(master);
  const server = await serve(master, { link: unwrap(parseLinkSpec(LINE)) });
  const folder = tempFolder();
  const notices: Notice[] = [];
  const backEnd = await openApp(folder, (name, payload) => {
    if (name === 'notice') notices.push(payload as Notice);
  });
  const appliance = applianceDescriptionSchema.parse(installed('tiny-linux').description);
  unwrap(
    backEnd.catalog.change(({ masters, appliances }) => {
      masters.add(
        newMaster({
          id: 'far',
          name: 'Far',
          source: 'http',
          location: `${server.url}disk.raw`,
          format: 'raw',
          lengthBytes: description.lengthBytes,
          published: { description, sources: [server.url] },
          createdMs: 0,
        }),
      );
      appliances.put({ id: 'far', feedId: null, masterId: 'far', addedMs: 0, description: appliance });
    }),
  );
  return { backEnd, notices, folder };
}

/** A machine of that appliance that was started, and its console. */
async function startMachine({ backEnd }: Office, kind: 'standalone' | 'linked' = 'standalone') {
  const { id, disks } = unwrap(await backEnd.machines.create({ applianceId: 'far', kind, start: true }));
  const machine = await vi.waitFor(() => {
    const running = backEnd.machines.running(id);
    if (running === null) throw new Error('The machine is off');
    return running;
  }, LONG);
  const console = new SerialConsole(machine, systemClock, PATIENCE);
  onTestFinished(() => console.dispose());
  unwrap(await console.login('root'));
  return { id, disk: disks[0]?.id ?? '', console };
}

describe('two machines that go on from one published state', () => {
  it('know the time, differ from each other, and keep what they write', async () => {
    const office = await openOffice();
    const { backEnd, notices } = office;
    const seen: { random: string; hostid: string }[] = [];
    for (const kind of ['standalone', 'linked'] as const) {
      const { id, disk, console } = await startMachine(office, kind);
      // Its kernel did not start: nothing of a boot is in what it printed since.
      expect(await inGuest(console, 'cat /proc/uptime')).toMatch(/^\d/);
      await vi.waitFor(async () => {
        const guestSeconds = Number.parseInt(await inGuest(console, 'date +%s'), 10);
        expect(Math.abs(Date.now() / 1000 - guestSeconds)).toBeLessThan(5);
      }, LONG);
      const hostid = await vi.waitFor(
        async () => inGuest(console, 'cat /etc/hostid > /dev/null; hostid'),
        LONG,
      );
      seen.push({ random: await inGuest(console, 'head -c 16 /dev/urandom | od -An -tx1'), hostid });
      await inGuest(console, 'echo kept > /root/kept; sync');
      console.sendLine('poweroff');
      await vi.waitFor(() => expect(backEnd.machines.running(id)).toBeNull(), LONG);
      // By the app: it may be streaming into the image, and lets go of it for that.
      const checked = unwrap(await backEnd.disks.check({ id: disk, repair: 'none' }));
      expect(checked).toMatchObject({ corruptions: 0, leaks: 0 });

      // From now on it boots, from a file system that is whole.
      unwrap(await backEnd.machines.command({ id, command: 'start' }));
      const again = backEnd.machines.running(id);
      if (again === null) throw new Error('The machine is off');
      const second = new SerialConsole(again, systemClock, PATIENCE);
      unwrap(await second.login('root'));
      expect(await inGuest(second, 'cat /root/kept')).toBe('kept\n');
      const complaints = 'dmesg | grep -iE "EXT4-fs (error|warning)|I/O error|lost interrupt"';
      expect(unwrap(await second.run(complaints))).toEqual({ output: '', status: 1 });
      second.dispose();
      unwrap(await backEnd.machines.command({ id, command: 'stop' }));
    }
    const [one, other] = seen;
    expect(one?.random).not.toBe(other?.random);
    expect(one?.hostid).not.toBe(other?.hostid);
    expect(notices.filter(({ kind }) => kind === 'instant-start-refused')).toEqual([]);
  });
});

describe('a published state that is not what was published', () => {
  it('is told of, and the machine boots', async () => {
    const office = await openOffice((folder) => {
      const file = path.join(folder, 'state.bin');
      const bytes = fs.readFileSync(file);
      bytes.writeUInt8(bytes.readUInt8(1_000_000) ^ 1, 1_000_000);
      fs.writeFileSync(file, bytes);
    });
    const { console } = await startMachine(office);
    expect(await inGuest(console, 'echo here')).toBe('here\n');
    const [refused] = office.notices.filter(({ kind }) => kind === 'instant-start-refused');
    expect(refused?.text).toMatch(/was booted.*wrong SHA-256/);
  });
});

describe('headwater run, killed', () => {
  const killed = async (overlay: string, folder: string, when: RegExp) => {
    const run = HeadwaterProcess.start(['run', '--disk', overlay, '--link', LINE, folder], {
      terminal: true,
    });
    await run.waitFor(when);
    run.signal('SIGKILL');
    await run.ended;
  };

  it('while the state comes and while it is restored, goes on from what is there', async () => {
    const folder = masterFolder();
    const overlay = path.join(tempFolder(), 'disk.qed');
    const state = path.join(path.dirname(overlay), `${description.state?.sha256 ?? ''}.state`);
    await killed(overlay, folder, /fetching the saved machine: [2-9]\.\d MiB/);
    expect(fs.existsSync(state)).toBe(false);
    expect(fs.statSync(`${state}.part`).size).toBeGreaterThan(1_000_000);
    await killed(overlay, folder, /starting [0-9a-f]{12} from/);
    expect(fs.existsSync(state)).toBe(true);
    await expectSound(overlay);

    const run = HeadwaterProcess.start(['run', '--disk', overlay, '--link', LINE, folder], {
      terminal: true,
    });
    await run.take(/login: /);
    run.type('root\r');
    await run.take(/# /);
    run.type('echo $((6 * 7)); poweroff\r');
    await run.take(/\n42\r*\n/);
    await run.take(/has stopped/);
    expect((await run.ended).code).toBe(0);
    expect(run.output).not.toContain('booting');
    await expectSound(overlay);
  });
});
