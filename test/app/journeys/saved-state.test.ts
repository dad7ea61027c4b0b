/** A machine is saved in the midst of its work and goes on there: by its user, and around power failures. */
import { spawnSync } from 'node:child_process';
import { expect, test, type Locator } from '@playwright/test';
import { MIB } from '../../../shared/units.ts';
import { FarMaster, masterFile } from '../support/far-master.ts';
import { addFromWeb } from './catalog.ts';
import { Desk } from './desk.ts';
import { setRate } from './fields.ts';
import { Guest } from './guest.ts';

const NAME = 'Far away';
const MASTER_BYTES = 256 * MIB;

test.describe.serial('a machine that is suspended', () => {
  test.setTimeout(300_000);
  let desk: Desk;
  let master: FarMaster;
  let guest: Guest;
  /** What the guest wrote and synced, and which boot it is in: another boot has another number. */
  let sum = '';
  let boot = '';
  const card = () => desk.main.getByRole('article', { name: NAME });

  /** The guest goes on where it was: in the same boot, with what its shell remembers, and its file as it was. */
  async function expectSameBoot(): Promise<void> {
    const shown = await guest.run('echo $remembered; cat /proc/sys/kernel/random/boot_id; sha256sum kept');
    expect(shown).toMatch(/^only in memory$/m);
    expect(shown).toContain(boot);
    expect(shown).toContain(`${sum}  kept`);
  }

  /** From the list of machines, with its console. */
  async function switchOn(button: Locator): Promise<void> {
    guest = await Guest.opening(desk.app, () => button.click());
  }

  async function suspendFromItsCard(): Promise<void> {
    await card()
      .getByRole('button', { name: `More for ${NAME}` })
      .click();
    await desk.main.getByRole('menuitem', { name: 'Suspend' }).click();
  }

  /** In kB/s. However quick or slow the computer, something is left to stream until the end. */
  async function limitTo(rate: string): Promise<void> {
    await desk.goTo('Preferences');
    await setRate(desk.main, 'Each disk without a limit of its own', rate);
  }

  async function expectStillStreaming(): Promise<void> {
    const before = master.bytesSent;
    // What its guest read counts against its limit first: that takes its time at a low one.
    await limitTo('5000');
    await expect.poll(() => master.bytesSent, { timeout: 120_000 }).toBeGreaterThan(before);
    await limitTo('300');
    expect(master.bytesSent).toBeLessThan(MASTER_BYTES);
  }

  test.beforeAll(async () => {
    desk = new Desk('saved-state');
    master = await FarMaster.serve(masterFile('tiny-linux'));
    await desk.open();
    await limitTo('300');
    await desk.goTo('Catalog');
    await addFromWeb(desk, master.url, NAME);
  });
  test.afterAll(async () => {
    await desk.leave();
    await master.close();
  });

  test('goes on where it was, from its console', async () => {
    const { main } = desk;
    await desk.step('A guest at work', async () => {
      const start = main.getByRole('button', { name: `Start ${NAME}`, exact: true }).first();
      guest = await Guest.opening(desk.app, () => start.click());
      await guest.logIn();
      const shown = await guest.run(
        'remembered="only in memory"; dd if=/dev/urandom of=kept bs=4k count=300 2>/dev/null; sync; sha256sum kept; cat /proc/sys/kernel/random/boot_id',
      );
      sum = /([0-9a-f]{64}) {2}kept/.exec(shown)?.[1] ?? 'none';
      boot = /^[0-9a-f]{8}-[0-9a-f-]{27}$/m.exec(shown)?.[0] ?? 'none';
      await expectSameBoot();
      return guest.page;
    });
    await desk.step('Suspended from its console', async () => {
      await guest.choose('Power', 'Suspend');
      await expect(guest.page.getByRole('heading', { name: 'The machine is suspended' })).toBeVisible();
      await expectStillStreaming();
      return guest.page;
    });
    await desk.step('It goes on', async () => {
      await guest.page.getByRole('tabpanel').getByRole('button', { name: 'Resume' }).click();
      await expectSameBoot();
      return guest.page;
    });
  });

  test('goes on where it was when the power failed after it was saved', async () => {
    await desk.step('Suspended from the list of machines', async () => {
      await guest.page.close();
      await desk.goTo('Machines');
      await suspendFromItsCard();
      await expect(card()).toContainText('Suspended');
    });
    await desk.losePower();
    await desk.open();
    await desk.step('After the power failure it is suspended, and its disk streams', async () => {
      await desk.goTo('Machines');
      await expect(card()).toContainText('Suspended');
      await expectStillStreaming();
    });
    await desk.step('It goes on', async () => {
      await desk.goTo('Machines');
      await switchOn(card().getByRole('button', { name: `Resume ${NAME}` }));
      await expectSameBoot();
      return guest.page;
    });
  });

  test('loses nothing that was written when the power fails while it is saved', async () => {
    await guest.page.close();
    await suspendFromItsCard();
    await desk.losePower();
    await desk.open();
    await desk.step('Saved just in time, or off', async () => {
      await desk.goTo('Machines');
      await expect(card()).toContainText(/Suspended|Off/);
    });
    const wasSaved = (await card().textContent())?.includes('Suspended') ?? false;
    await desk.step('It is switched on', async () => {
      await switchOn(card().getByRole('button', { name: wasSaved ? `Resume ${NAME}` : `Start ${NAME}` }));
      if (wasSaved) await expectSameBoot();
      else await guest.logIn();
      expect(await guest.run('sha256sum kept')).toContain(`${sum}  kept`);
      return guest.page;
    });
  });

  test('has a disk without a flaw', async () => {
    await desk.step('It is shut down', async () => {
      await guest.paste('poweroff\n');
      await expect(card()).toContainText('Off', { timeout: 120_000 });
      await expectStillStreaming();
    });
    await desk.quit();
    const [image = 'none'] = desk.home.disks;
    // Without what lies behind it, which QEMU may have no driver for.
    const alone = { driver: 'qed', file: { driver: 'file', filename: image }, backing: null };
    const { stdout } = spawnSync('qemu-img', ['check', '--output=json', `json:${JSON.stringify(alone)}`], {
      encoding: 'utf8',
    });
    const { corruptions = 0, 'check-errors': errors } = JSON.parse(stdout) as Record<string, number>;
    expect({ corruptions, errors }).toEqual({ corruptions: 0, errors: 0 });
    expect(desk.home.savedStates).toEqual([]);
  });
});
