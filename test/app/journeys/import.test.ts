/** Journey 6: masters of the user's own, machines made of them, and copies of machines. */
import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { masterFile } from '../support/far-master.ts';
import { addFromFile } from './catalog.ts';
import { Desk } from './desk.ts';
import { Guest } from './guest.ts';

test.describe.serial('a disk of the user’s own', () => {
  test.setTimeout(240_000);
  let desk: Desk;

  test.beforeAll(async () => {
    desk = new Desk('import');
    await desk.open();
  });
  test.afterAll(() => desk.leave());

  test('is imported, and starts', async () => {
    const { main } = desk;
    const image = desk.home.file('tour.img');
    copyFileSync(masterFile('disk-tour'), image);
    await desk.step('A raw image is in the catalog', () => addFromFile(desk, image, 'My tour', 'raw'));
    await desk.step('A machine of it', async () => {
      const start = main.getByRole('button', { name: 'Start My tour', exact: true }).first();
      const guest = await Guest.opening(desk.app, () => start.click());
      await guest.shows(/tour>/);
      return guest.page;
    });
  });

  test('is imported from the format of another program', async () => {
    const { main } = desk;
    const image = desk.home.file('tour.qcow2');
    execFileSync('qemu-img', ['convert', '-O', 'qcow2', masterFile('disk-tour'), image]);
    await desk.step('A qcow2 image is in the catalog', async () => {
      await addFromFile(desk, image, 'Their tour');
      await expect(desk.notices).toContainText('Their tour is imported');
    });
    await desk.step('A machine of it', async () => {
      const start = main.getByRole('button', { name: 'Start Their tour', exact: true }).first();
      const guest = await Guest.opening(desk.app, () => start.click());
      await guest.shows(/tour>/);
      return guest.page;
    });
  });

  test('is in a machine that can be duplicated', async () => {
    const { main } = desk;
    const machine = (name: string) => main.getByRole('article', { name, exact: true });
    const choose = async (name: string, item: string) => {
      await machine(name)
        .getByRole('button', { name: `More for ${name}` })
        .click();
      await main.getByRole('menuitem', { name: item }).click();
    };
    await desk.goTo('Machines');
    await desk.step('Not while it is on', async () => {
      await machine('My tour').getByRole('button', { name: 'More for My tour' }).click();
      const item = main.getByRole('menuitem', { name: 'Duplicate' });
      await expect(item).toBeDisabled();
      await expect(item).toContainText('Power the machine off first.');
      await main.keyboard.press('Escape');
    });
    await choose('My tour', 'Power off');
    await main.getByRole('dialog').getByRole('button', { name: 'Power off' }).click();
    await expect(machine('My tour')).toContainText('Off');
    await desk.step('A duplicate', async () => {
      await choose('My tour', 'Duplicate');
      await expect(machine('My tour 2')).toContainText('Off');
      await expect(desk.notices).toContainText('shares a snapshot with My tour');
    });
    await desk.step('The duplicate runs', async () => {
      const start = machine('My tour 2').getByRole('button', { name: 'Start My tour 2' });
      const guest = await Guest.opening(desk.app, () => start.click());
      await guest.shows(/tour>/);
      return guest.page;
    });
  });
});
