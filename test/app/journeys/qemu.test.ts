import { expect, test } from '@playwright/test';
import { Desk } from './desk.ts';
import { Guest } from './guest.ts';

const NAME = 'Tiny Linux';

test.describe('a machine in QEMU', () => {
  let desk: Desk;
  test.beforeAll(async () => {
    desk = new Desk('qemu');
    await desk.open();
  });
  test.afterAll(() => desk.leave());

  test('is made, seen, typed at and shut down, and runs built in with the same files', async () => {
    test.setTimeout(600_000);
    const { main } = desk;
    let guest: Guest;
    const menu = async (item: string) => {
      await main.getByRole('button', { name: `More for ${NAME}` }).click();
      await main.getByRole('menuitem', { name: item }).click();
    };
    const hardware = main.getByRole('dialog', { name: 'What the machine runs on' });

    await desk.step('QEMU is chosen for it', async () => {
      await main
        .getByRole('button', { name: `Details of ${NAME}`, exact: true })
        .first()
        .click();
      const dialog = main.getByRole('dialog', { name: NAME });
      await dialog.getByRole('radio', { name: 'QEMU' }).check();
      await expect(dialog.getByRole('group', { name: 'Runs on' })).toContainText('with a network');
    });

    await desk.step('Its screen is seen, and takes keys', async () => {
      const dialog = main.getByRole('dialog', { name: NAME });
      const start = dialog.getByRole('button', { name: 'Create and start' });
      guest = await Guest.opening(desk.app, () => start.click());
      await guest.shows(/tiny login:/);
      await guest.page.locator('canvas').focus();
      await guest.logIn();
      await guest.run('lsblk -no NAME | grep vda1 && echo mine > /root/file && sync');
      return guest.page;
    });

    await desk.step('What it runs on is told', async () => {
      await desk.goTo('Machines');
      await main.getByRole('article', { name: NAME }).getByRole('link', { name: NAME }).first().click();
      await expect(main.getByText(/^QEMU \d+\.\d+, (KVM|emulated)$/)).toBeVisible();
      await main.getByRole('button', { name: `More for ${NAME}` }).click();
      await expect(main.getByRole('menuitem', { name: 'Suspend' })).toHaveCount(0);
      await expect(main.getByRole('menuitem', { name: 'Runs on…' })).toBeDisabled();
      await main.keyboard.press('Escape');
    });

    await desk.step('It shuts down', async () => {
      await guest.type('poweroff\n');
      await expect(main.getByRole('main')).toContainText('Off', { timeout: 60_000 });
      return guest.page;
    });

    await desk.step('A port is forwarded to it', async () => {
      await menu('Runs on…');
      await hardware.getByLabel('Forwarded ports').fill('tcp:22');
      await expect(hardware).toContainText('Like tcp:2222:22');
      await hardware.getByLabel('Forwarded ports').fill('tcp:42022:22');
      await hardware.getByRole('button', { name: 'Save' }).click();
      await expect(hardware).toBeHidden();
      await expect(main.getByText('tcp:42022:22')).toBeVisible();
    });

    await desk.step('It runs built in, and finds its file', async () => {
      await menu('Runs on…');
      await hardware.getByRole('radio', { name: 'Built in' }).check();
      await hardware.getByRole('button', { name: 'Save' }).click();
      await expect(hardware).toBeHidden();
      await main.getByRole('main').getByRole('button', { name: 'Start' }).click();
      await guest.shows(/tiny login:/);
      await guest.page.locator('canvas').focus();
      await guest.logIn();
      expect(await guest.run('ls /dev/sda1; cat /root/file')).toContain('mine');
      return guest.page;
    });
  });
});
