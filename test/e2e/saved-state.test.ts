/** A real guest is saved, and goes on in another machine. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { tempFolder } from '../support/temp-folder.ts';
import {
  applianceDisk,
  buildV86Worker,
  setUpMachine,
  tourChecksum,
  type Workbench,
} from '../support/v86-workbench.ts';

const STAMP = '5a'.repeat(16);

let workerScript: string;
const benches: Workbench[] = [];

beforeAll(async () => {
  workerScript = await buildV86Worker();
});

afterEach(async () => {
  for (const { machine, console } of benches.splice(0)) {
    console.dispose();
    await machine.kill();
  }
});

function machineWith(image: Uint8Array): Workbench {
  const bench = setUpMachine(image, { workerScript });
  benches.push(bench);
  return bench;
}

/** Saves a machine, and ends it. @returns the file */
async function save({ machine }: Workbench): Promise<string> {
  const file = path.join(tempFolder(), 'guest.state');
  const fileBytes = unwrap(await machine.save({ file, contentStamp: STAMP }));
  expect(fs.statSync(file).size).toBe(fileBytes);
  expect(machine.state).toEqual({ kind: 'paused', by: 'user' });
  await machine.kill();
  return file;
}

describe('Tiny Linux, saved and restored', () => {
  it('goes on where it was, and then knows the time and has random numbers of its own', async () => {
    const first = machineWith(applianceDisk('tiny-linux'));
    unwrap(await first.machine.start());
    unwrap(await first.console.login('root'));
    unwrap(await first.console.run('exec 7> /root/open; echo one >&7; secret=4711'));
    unwrap(await first.console.run('{ sleep 100000 & }; echo "on the screen" > /dev/tty1'));
    const screen = unwrap(await first.machine.screen.text());
    const file = await save(first);
    await pass(5000);

    const runs: string[] = [];
    for (const image of [first.disk.bytes.slice(), first.disk.bytes.slice()]) {
      const second = machineWith(image);
      const startedSeconds = Math.floor(Date.now() / 1000);
      const started = await second.machine.start({ file, contentStamp: STAMP });
      expect(unwrap(started)).toEqual({ from: 'saved-state', stateRefused: null });
      expect(unwrap(await second.machine.screen.text())).toEqual(screen);
      const said = await second.console.run('echo two >&7; echo $secret; cat /root/open; jobs -r | wc -l');
      expect(unwrap(said).output).toBe('4711\none\ntwo\n1\n');
      // It is told the time some moments after it goes on. How far it falls behind after that is the computer's affair.
      await expect.poll(() => secondsOf(second), { timeout: 60_000 }).toBeGreaterThanOrEqual(startedSeconds);
      runs.push(unwrap(await second.console.run('head -c 16 /dev/urandom | od -An -tx1')).output);
      await second.machine.kill();
    }
    expect(runs[0]).not.toBe(runs[1]);
  });
});

describe('a guest that is saved in the middle of a read', () => {
  it('gets its data after it is restored: fetched for the processor', async () => {
    const first = machineWith(applianceDisk('disk-tour'));
    unwrap(await first.machine.start());
    unwrap(await first.console.waitFor('.'));
    first.disk.hold('read');
    await first.disk.held('read');
    const file = await save(first);
    const second = machineWith(first.disk.bytes.slice());
    expect(unwrap(await second.machine.start({ file, contentStamp: STAMP })).from).toBe('saved-state');
    const said = unwrap(await second.console.waitFor(/> $/));
    expect(said).toContain(`checksum ${tourChecksum(second.disk.bytes)}`);
  });

  it('gets its data after it is restored: transferred into memory', async () => {
    const first = machineWith(applianceDisk('tiny-linux'));
    unwrap(await first.machine.start());
    unwrap(await first.console.login('root'));
    unwrap(await first.console.run('sync; echo 3 > /proc/sys/vm/drop_caches'));
    first.disk.hold('read');
    first.console.sendLine('sha256sum /usr/bin/nano; echo do""ne');
    await first.disk.held('read');
    const file = await save(first);
    const second = machineWith(first.disk.bytes.slice());
    expect(unwrap(await second.machine.start({ file, contentStamp: STAMP })).from).toBe('saved-state');
    expect(unwrap(await second.console.waitFor(/done\r?\n/))).toMatch(/[0-9a-f]{64} {2}\/usr\/bin\/nano/);
    const complaints = 'dmesg | grep -E "lost interrupt|failed command|I/O error|soft lockup"';
    unwrap(await second.console.waitFor(/# $/));
    expect(unwrap(await second.console.run(complaints))).toEqual({ output: '', status: 1 });
  });
});

/** Lets time pass outside. */
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What the guest's clock shows, in seconds since 1970. */
async function secondsOf({ console }: Workbench): Promise<number> {
  return Number.parseInt(unwrap(await console.run('date +%s')).output, 10);
}
