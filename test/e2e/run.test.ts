import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { HeadwaterProcess } from '../support/headwater-process.ts';
import { writeQed } from '../support/image-files.ts';
import { tempFolder } from '../support/temp-folder.ts';

const LEAVE = '\x1dq';
const CTRL_C = '\x03';

interface Place {
  readonly folder: string;
  readonly overlay: string;
}

function newPlace(): Place {
  const folder = tempFolder();
  return { folder, overlay: path.join(folder, 'disk.qed') };
}

function start(args: readonly string[], terminal: boolean): HeadwaterProcess {
  return HeadwaterProcess.start(['run', ...args], { terminal });
}

describe('headwater run at a terminal', () => {
  it('hands over the console until Ctrl-] q, keeps the overlay, and goes on with it', async () => {
    const { folder, overlay } = newPlace();
    for (const counter of ['00000001', '00000002']) {
      const run = start(['--disk', overlay, '--link', '100mbit,5ms', 'disk-tour'], true);
      await run.take(/tour> /);
      run.type('w');
      await run.take(new RegExp(`counter ${counter} written`));
      run.type(LEAVE);
      await run.take(/Disk Tour has stopped; its disk is '/);
      expect((await run.ended).code).toBe(0);
      expect(fs.readdirSync(folder)).toEqual(['disk.qed']);
    }
  });

  it('passes Ctrl-C to the guest, shows its keys, and leaves the terminal as it was', async () => {
    const { overlay } = newPlace();
    // Afterwards the shell around it tells what the terminal is set to.
    const run = HeadwaterProcess.start(['run', '--disk', overlay, 'disk-tour'], {
      terminal: true,
      around: (command) => `stty -a > ${overlay}.before; ${command}; stty -a > ${overlay}.after`,
    });
    await run.take(/tour> /);
    run.type(CTRL_C);
    await run.take(/r: read all/);
    run.type('\x1dh');
    await run.take(/Ctrl-\] p {2}press the power button/);
    run.type('h');
    await run.take(/Disk Tour has stopped/);
    await run.ended;
    const settings = (name: string) => fs.readFileSync(`${overlay}.${name}`, 'utf8');
    expect(settings('after')).toBe(settings('before'));
  });

  it('logs in to Tiny Linux', async () => {
    const { overlay } = newPlace();
    const run = start(['--disk', overlay, '--link', '200mbit,5ms', 'tiny-linux'], true);
    await run.take(/login: /);
    run.type('root\r');
    await run.take(/# /);
    run.type('echo $((6 * 7)) > /root/answer; sync; cat /root/answer\r');
    await run.take(/\n42\r*\n/);
    run.type(LEAVE);
    expect((await run.ended).code).toBe(0);

    const again = start(['--disk', overlay, '--stream', 'off', 'tiny-linux'], true);
    await again.take(/login: /);
    again.type('root\r');
    await again.take(/# /);
    again.type('cat /root/answer\r');
    await again.take(/\n42\r*\n/);
    again.type('poweroff\r');
    await again.take(/Tiny Linux has stopped/);
    expect((await again.ended).code).toBe(0);
  });
});

describe('headwater run without a terminal', () => {
  it('passes its input to the guest, and ends when the guest does', async () => {
    const { folder, overlay } = newPlace();
    const run = start(['--disk', overlay, 'disk-tour'], false);
    await run.take(/tour> /);
    run.type('w');
    await run.take(/counter 00000001 written/);
    run.type('h');
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.stdout).toContain('Disk tour ready');
    expect(run.stderr).toContain(`its disk is '${overlay}'`);
    expect(fs.readdirSync(folder)).toEqual(['disk.qed']);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('stops the machine and closes its disk at %s, whenever it comes', async (signal, code) => {
    for (const delayMs of [50, 150, 250, 400, 700, 1500]) {
      const { folder, overlay } = newPlace();
      const run = start(['--disk', overlay, '--link', '20mbit,20ms', 'disk-tour'], false);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      run.signal(signal);
      const ended = await run.ended;
      // Before there is anything to close the process just ends.
      if (ended.signal === null) expect([code, 130]).toContain(ended.code);
      expect(fs.readdirSync(folder).filter((name) => name !== 'disk.qed')).toEqual([]);
    }
  });

  it('keeps overlays of its own by appliance', async () => {
    const { folder } = newPlace();
    const run = HeadwaterProcess.start(['run', 'disk-tour'], { env: { XDG_DATA_HOME: folder } });
    await run.take(/tour> /);
    run.type('h');
    expect((await run.ended).code).toBe(0);
    const overlays = fs.readdirSync(path.join(folder, 'headwater/overlays'));
    expect(overlays).toEqual([expect.stringMatching(/^disk-tour-[0-9a-f]{12}\.qed$/)]);
  });

  it('starts over with --fresh, and sets aside only what nobody uses', async () => {
    const { folder, overlay } = newPlace();
    const first = start(['--disk', overlay, 'disk-tour'], false);
    await first.take(/tour> /);
    first.type('w');
    await first.take(/counter 00000001 written/);
    const meanwhile = start(['--disk', overlay, '--fresh', 'disk-tour'], false);
    expect((await meanwhile.ended).code).toBe(1);
    expect(meanwhile.stderr).toMatch(/is already open for writing in process \d+; close it there first/);
    first.type('h');
    await first.ended;
    const fresh = start(['--disk', overlay, '--fresh', 'disk-tour'], false);
    await fresh.take(/tour> /);
    fresh.type('w');
    await fresh.take(/counter 00000001 written/);
    fresh.type('h');
    await fresh.ended;
    expect(fs.readdirSync(folder).sort()).toEqual(['disk.qed', 'disk.qed.old']);
    const once = start(['--disk', overlay, '--fresh', 'disk-tour'], false);
    expect((await once.ended).code).toBe(1);
    expect(once.stderr).toContain(`'${overlay}.old' exists already; remove it or rename it first`);
  });

  it('refuses an overlay of another master', async () => {
    const { overlay } = newPlace();
    await writeQed(overlay, { imageBytes: 16 << 20, backing: { name: '/somewhere/else.raw', raw: true } });
    const run = start(['--disk', overlay, 'disk-tour'], false);
    expect((await run.ended).code).toBe(1);
    expect(run.stderr).toContain(
      `'${overlay}' is an overlay of '/somewhere/else.raw', not of the master of Disk Tour`,
    );
  });
});
