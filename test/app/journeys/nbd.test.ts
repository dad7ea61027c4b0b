/** A disk on an NBD server of somebody else's: its address is given, or its socket chosen, and a machine of it runs. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync } from 'node:fs';
import { expect, test, type Locator } from '@playwright/test';
import { masterFile } from '../support/far-master.ts';
import { chooseNext } from './catalog.ts';
import { Desk } from './desk.ts';
import { Guest } from './guest.ts';

test.describe.serial('a disk on an NBD server', () => {
  test.setTimeout(240_000);
  let desk: Desk;
  let server: ChildProcess;
  let socket: string;

  test.beforeAll(async () => {
    desk = new Desk('nbd');
    const image = desk.home.file('tour.img');
    copyFileSync(masterFile('disk-tour'), image);
    socket = desk.home.file('tour.socket');
    const args = ['-f', 'raw', '-r', '-t', '-e', '8', '-k', socket, '-x', 'tour', image];
    server = spawn('qemu-nbd', args, { stdio: 'ignore' });
    await expect.poll(() => existsSync(socket)).toBe(true);
    await desk.open();
  });
  test.afterAll(async () => {
    await desk.leave();
    server.kill('SIGKILL');
  });

  /** The dialog, with the place of the disk chosen. */
  async function dialogForNbd(): Promise<Locator> {
    await desk.main.getByRole('button', { name: 'Add appliance…' }).click();
    const dialog = desk.main.getByRole('dialog', { name: 'Add an appliance' });
    await dialog.getByRole('radio', { name: 'On an NBD server' }).check();
    return dialog;
  }

  test('is asked for by an address, which is checked', async () => {
    const dialog = await dialogForNbd();
    const add = dialog.getByRole('button', { name: 'Add', exact: true });
    await desk.step('An address of the web is none', async () => {
      await dialog.getByLabel('Address').fill('https://example.org/disk.raw');
      await dialog.getByLabel('Name').fill('Served tour');
      await add.click();
      await expect(dialog).toContainText('An address that begins with nbd://');
    });
    await desk.step('An export that is not there is told of', async () => {
      await chooseNext(desk, socket);
      await dialog.getByRole('button', { name: 'Choose…' }).click();
      await expect(dialog.getByLabel('Address')).toHaveValue(`nbd+unix:///?socket=${encodeURI(socket)}`);
      await add.click();
      await expect(dialog.getByRole('alert')).toBeVisible();
    });
    await desk.step('The export by its name is in the catalog', async () => {
      await dialog.getByLabel('Address').fill(`nbd+unix:///tour?socket=${encodeURI(socket)}`);
      await add.click();
      await expect(dialog).toBeHidden();
      await expect(desk.main.getByRole('article', { name: 'Served tour' }).first()).toBeVisible();
    });
  });

  test('runs while it streams, and without its server afterwards', async () => {
    const { main } = desk;
    await desk.step('A machine of it', async () => {
      const start = main.getByRole('button', { name: 'Start Served tour', exact: true }).first();
      const guest = await Guest.opening(desk.app, () => start.click());
      await guest.shows(/tour>/);
      await guest.page.close();
    });
    await desk.goTo('Overlays');
    const overlays = main.getByRole('table', { name: 'Overlays' });
    await desk.step('All of it is here', () =>
      expect(overlays.getByText('Fully streamed')).toBeVisible({ timeout: 120_000 }),
    );
    server.kill('SIGKILL');
    await once(server, 'exit');
    await desk.goTo('Machines');
    const machine = main.getByRole('article', { name: 'Served tour', exact: true });
    await desk.step('It starts again', async () => {
      await machine.getByRole('button', { name: 'More for Served tour' }).click();
      await main.getByRole('menuitem', { name: 'Power off' }).click();
      await main.getByRole('dialog').getByRole('button', { name: 'Power off' }).click();
      await expect(machine).toContainText('Off');
      const start = machine.getByRole('button', { name: 'Start Served tour' });
      const guest = await Guest.opening(desk.app, () => start.click());
      await guest.shows(/tour>/);
      return guest.page;
    });
  });
});
