/** Journeys 1 to 3: an appliance from far away is started, used, and becomes standalone, through a power failure. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { MIB } from '../../../shared/units.ts';
import { checkExt, filesIn } from '../../support/ext-files.ts';
import { FarMaster, masterFile } from '../support/far-master.ts';
import { addFromWeb, chooseNext } from './catalog.ts';
import { Desk } from './desk.ts';
import { setRate } from './fields.ts';
import { Guest } from './guest.ts';

const NAME = 'Tiny Linux, far away';
const MASTER_BYTES = 256 * MIB;
const WRITTEN_BY_EVERY_BOOT = /^\/(var|run|tmp)\//;

const qemuImg = (...args: string[]) => execFileSync('qemu-img', args, { encoding: 'utf8' });

/** The number in the last match. */
const lastOf = (pattern: RegExp, text: string) => Number([...text.matchAll(pattern)].at(-1)?.[1]);

test.describe.serial('an appliance from far away', () => {
  test.setTimeout(300_000);
  let desk: Desk;
  let master: FarMaster;
  let guest: Guest;

  test.beforeAll(async () => {
    desk = new Desk('start-and-stream');
    master = await FarMaster.serve(masterFile('tiny-linux'));
    await desk.open();
  });
  test.afterAll(async () => {
    await desk.leave();
    await master.close();
  });

  test('is added to the catalog, started, and shows its console at once', async () => {
    const { main } = desk;
    await desk.step('The catalog', async () => {
      await expect(main.getByRole('article', { name: 'Tiny Linux' }).first()).toContainText('256 MiB disk');
    });
    await desk.step('A limit for disks, so that there is something left to see', async () => {
      await desk.goTo('Preferences');
      await setRate(main, 'Each disk without a limit of its own', '500');
    });
    await desk.step('An appliance added by its address', async () => {
      await desk.goTo('Catalog');
      await addFromWeb(desk, master.url, NAME);
    });
    await desk.step('Its console opens at once', async () => {
      const start = main.getByRole('button', { name: `Start ${NAME}` }).first();
      guest = await Guest.opening(desk.app, () => start.click());
      // Not by a download: the guest has begun to read what it needs.
      expect(master.bytesSent).toBeLessThan(MASTER_BYTES / 16);
      return guest.page;
    });
    await desk.step('The login prompt', async () => {
      await guest.shows(/tiny login:/);
      return guest.page;
    });
  });

  test('is used through its console', async () => {
    await desk.step('Logged in', async () => {
      await guest.logIn();
      return guest.page;
    });
    await desk.step('A command that was pasted', async () => {
      expect(await guest.run('echo "a|b~$((6*7))"')).toMatch(/^a\|b~42$/m);
      return guest.page;
    });
    await desk.step('Paused, and resumed', async () => {
      await guest.button('Pause').click();
      await expect(guest.page.getByText('The machine is paused. Its time stands still.')).toBeVisible();
      await guest.button('Resume').click();
      await expect(guest.page.getByText('Running')).toBeVisible();
      return guest.page;
    });
    await desk.step('A key from the menu of keys that the computer would take for itself', async () => {
      await guest.type('cat\n');
      await guest.choose('Send keys', 'Esc');
      await guest.shows(/^\^\[$/m);
      await guest.page.keyboard.press('Control+c');
      await guest.shows(/~#$/);
      return guest.page;
    });
    await desk.step('A picture of the screen, in a file and in the clipboard', async () => {
      const file = desk.home.file('screen.png');
      await chooseNext(desk, file);
      await guest.choose('Screenshot', 'Save as file…');
      await expect(guest.notices).toContainText(`The screenshot is in ${file}.`);
      expect(readFileSync(file).subarray(1, 4).toString()).toBe('PNG');
      await guest.choose('Screenshot', 'Copy');
      await expect(guest.notices).toContainText('The screenshot is in the clipboard.');
      const types = () => guest.page.evaluate(async () => (await navigator.clipboard.read())[0]?.types);
      expect(await types()).toContain('image/png');
      return guest.page;
    });
    await desk.step('The serial console beside the screen', async () => {
      await guest.page.getByRole('tab', { name: 'Serial' }).click();
      const rows = guest.page.locator('.xterm-rows');
      await guest.page.keyboard.press('Enter');
      await expect(rows).toContainText('tiny login:');
      await guest.type('root\n');
      await expect(rows).toContainText('root@tiny:~#');
      await guest.type('expr 6 \\* 7\n');
      await expect(rows).toContainText('42');
      return guest.page;
    });
    await desk.step('The console is closed and opened again: the guest did not notice', async () => {
      await guest.page.close();
      await desk.goTo('Machines');
      const open = desk.main.getByRole('button', { name: `Open the console of ${NAME}` });
      guest = await Guest.opening(desk.app, () => open.click());
      await guest.shows(/\^\[\^C\n/);
      return guest.page;
    });
  });

  test('streams in behind its guest, as fast as it may', async () => {
    const { main } = desk;
    const disk = main.getByRole('region', { name: 'Disk', exact: true });
    const progress = disk.getByRole('progressbar', { name: `Progress of ${NAME}` });
    await desk.step('The page of the machine', async () => {
      await desk.goTo('Machines');
      await main.getByRole('article', { name: NAME }).getByRole('link').click();
      await expect(disk.getByText('Streaming', { exact: true })).toBeVisible();
      const here = (await progress.getAttribute('aria-valuetext')) ?? '';
      await expect(progress).not.toHaveAttribute('aria-valuetext', here);
    });
    await desk.step('Streaming is paused', async () => {
      await disk.getByRole('button', { name: 'Pause' }).click();
      await expect(disk.getByText('Paused', { exact: true })).toBeVisible();
      await expect(main.getByRole('contentinfo', { name: 'Streams' })).toContainText('1 paused');
      expect(await master.bytesSentIn(1000)).toBeLessThan(500_000);
    });
    await desk.step('It goes on without a limit', async () => {
      await disk.getByRole('combobox', { name: 'Limit', exact: true }).selectOption('No limit');
      await disk.getByRole('button', { name: 'Resume' }).click();
      await expect(disk.getByText('Streaming', { exact: true })).toBeVisible();
      await expect.poll(() => master.bytesSentIn(1000), { timeout: 60_000 }).toBeGreaterThan(1_000_000);
    });
    await desk.step('It goes on with a limit', async () => {
      await disk.getByRole('combobox', { name: 'Limit', exact: true }).selectOption('A limit of its own');
      await setRate(disk, 'A limit of its own', '500');
      await master.bytesSentIn(1000);
      const sent = await master.bytesSentIn(2000);
      expect(sent).toBeGreaterThan(0);
      expect(sent).toBeLessThan(1_500_000);
    });
  });

  test('loses nothing when the power fails while its guest writes and its disk streams', async () => {
    const kept = /([0-9a-f]{64}) {2}kept/.exec(
      await guest.run('dd if=/dev/urandom of=kept bs=4k count=300 2>/dev/null; sync; sha256sum kept'),
    )?.[1];
    let synced = 0;
    await desk.step('The guest writes', async () => {
      const write = 'dd if=/dev/urandom of=noise bs=64k count=8 2>/dev/null';
      await guest.paste(
        `clear; n=0; while ${write}; do n=$((n+1)); echo $n >count; sync; echo synced $n; done\n`,
      );
      synced = lastOf(/synced (\d+)/g, await guest.shows(/synced 5$/m));
      return guest.page;
    });
    const sentBefore = master.bytesSent;
    expect(sentBefore).toBeLessThan(MASTER_BYTES);
    await desk.losePower();

    await desk.open();
    const { main } = desk;
    const machine = main.getByRole('article', { name: NAME });
    await desk.step('After the power failure its disk streams on by itself', async () => {
      await desk.goTo('Machines');
      await expect(machine).toContainText('Off');
      await expect(machine).toContainText('Streaming');
      await expect.poll(() => master.bytesSent).toBeGreaterThan(sentBefore);
    });
    await desk.step('It is started again', async () => {
      const start = machine.getByRole('button', { name: `Start ${NAME}` });
      guest = await Guest.opening(desk.app, () => start.click());
      await guest.logIn();
      return guest.page;
    });
    await desk.step('What the guest wrote and synced is there', async () => {
      const shown = await guest.run('sha256sum kept; cat count');
      expect(shown).toContain(`${kept}  kept`);
      expect(lastOf(/^(\d+)$/gm, shown)).toBeGreaterThanOrEqual(synced);
      return guest.page;
    });
    await desk.step('It is shut down', async () => {
      await guest.paste('poweroff\n');
      await expect(machine).toContainText('Off', { timeout: 120_000 });
    });
  });

  test('becomes standalone, with every byte of the master that the guest left alone', async () => {
    const { main } = desk;
    const disk = main.getByRole('region', { name: 'Disk', exact: true });
    await desk.step('By a faster line, and ahead of everything, the rest is soon here', async () => {
      await master.moveTo('off');
      await main.getByRole('article', { name: NAME }).getByRole('link').click();
      await disk.getByRole('button', { name: 'Make standalone now' }).click();
      await expect(desk.notices).toContainText(`${NAME} is complete: its disk needs no network any more.`, {
        timeout: 60_000,
      });
      await expect(disk).toContainText('Fully streamed');
    });
    // Nothing is fetched twice but what was under way when the power failed and when the line was exchanged.
    expect(master.bytesSent).toBeLessThan(MASTER_BYTES + 24 * MIB);
    await desk.quit();

    const [image = 'none'] = desk.home.disks;
    const info = JSON.parse(qemuImg('info', '--output=json', image)) as Record<string, unknown>;
    expect(info).toMatchObject({ format: 'qed', 'virtual-size': MASTER_BYTES });
    expect(info).not.toHaveProperty('backing-filename');
    // Space that was taken and not yet used when the power failed is harmless, and no more than that is allowed.
    const { stdout } = spawnSync('qemu-img', ['check', '--output=json', '-f', 'qed', image], {
      encoding: 'utf8',
    });
    const { corruptions = 0, 'check-errors': errors } = JSON.parse(stdout) as Record<string, number>;
    expect({ corruptions, errors }).toEqual({ corruptions: 0, errors: 0 });
    const whole = desk.home.file('whole.raw');
    qemuImg('convert', '-f', 'qed', '-O', 'raw', image, whole);
    expect(checkExt(whole)).toMatchObject({ clean: true });
    const now = filesIn(whole, '/', desk.home.newFolder('now'));
    const then = filesIn(masterFile('tiny-linux'), '/', desk.home.newFolder('then'));
    expect(Object.keys(then).length).toBeGreaterThan(500);
    const changed = Object.keys(then).filter((file) => now[file] !== then[file]);
    expect(changed.filter((file) => !WRITTEN_BY_EVERY_BOOT.test(file))).toEqual([]);
  });
});
