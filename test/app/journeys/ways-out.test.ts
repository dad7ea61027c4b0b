/** A source that is gone, or was exchanged: what can be done about it from the windows. */
import { copyFileSync, truncateSync } from 'node:fs';
import { expect, test, type Locator } from '@playwright/test';
import { MIB } from '../../../shared/units.ts';
import { FarMaster, masterFile } from '../support/far-master.ts';
import { addFromWeb, createOnly } from './catalog.ts';
import { Desk } from './desk.ts';
import { Guest } from './guest.ts';

/** So slow that what streams has not come to its end before its source is taken away. */
const SLOW_LINE = '1mbit,30ms';

test.describe.serial('a disk without its source', () => {
  let desk: Desk;
  let gone: FarMaster;
  let exchanged: FarMaster;
  let mirror: FarMaster;
  let file: string;
  const row = (name: string): Locator =>
    desk.main
      .getByRole('table', { name: 'Overlays' })
      .getByRole('row')
      .filter({ has: desk.main.getByRole('link', { name, exact: true }) });
  const help = async (name: string) => {
    await row(name).getByRole('button', { name: 'What can be done…' }).click();
    return desk.main.getByRole('dialog', { name: `The disk of ${name}` });
  };

  test.beforeAll(async () => {
    desk = new Desk('ways-out');
    file = desk.home.file('exchanged.raw');
    copyFileSync(masterFile('disk-tour'), file);
    gone = await FarMaster.serve(masterFile('disk-tour'), SLOW_LINE);
    mirror = await FarMaster.serve(masterFile('disk-tour'));
    exchanged = await FarMaster.serve(file, SLOW_LINE);
    await desk.open();
    await addFromWeb(desk, gone.url, 'Gone');
    await addFromWeb(desk, exchanged.url, 'Exchanged');
    await createOnly(desk, 'Gone', 'Waits');
    await createOnly(desk, 'Exchanged', 'Stays');
    await desk.goTo('Overlays');
    await expect(row('Waits')).toContainText('Streaming');
    await expect(row('Stays')).toContainText('Streaming');
  });
  test.afterAll(async () => {
    await desk.leave();
    await Promise.all([mirror.close(), exchanged.close()]);
  });

  test('is read from another place', async () => {
    await desk.step('Its source is gone', async () => {
      await gone.close();
      await expect(row('Waits')).toContainText('Waiting for source');
    });
    await desk.step('Another disk is not taken for it', async () => {
      const other = await FarMaster.serve(masterFile('tiny-linux'));
      const dialog = await help('Waits');
      await dialog.getByRole('radio', { name: 'Read the same disk from another place' }).check();
      await dialog.getByLabel('Address').fill(other.url);
      await dialog.getByRole('button', { name: 'Read from there' }).click();
      await expect(dialog).toContainText('is not the same disk as');
      await other.close();
    });
    await desk.step('A mirror', async () => {
      const dialog = desk.main.getByRole('dialog');
      await dialog.getByLabel('Address').fill(mirror.url);
      await dialog.getByRole('button', { name: 'Read from there' }).click();
      await expect(dialog).toBeHidden();
      await expect(row('Waits')).toContainText('Fully streamed', { timeout: 60_000 });
    });
  });

  test('leaves its machine as it is, and lets a new one be made', async () => {
    await desk.step('The file at its source is another one', async () => {
      // Longer than before, and empty.
      truncateSync(file, 0);
      truncateSync(file, 64 * MIB);
      await expect(row('Stays')).toContainText('Source changed');
    });
    await desk.step('A new machine from what is there now', async () => {
      const dialog = await help('Stays');
      const make = dialog.getByRole('button', { name: 'Make and start' });
      const console = await Guest.opening(desk.app, () => make.click());
      await expect(console.page.getByRole('heading', { level: 1 })).toHaveText('Exchanged, new version');
      await expect(row('Exchanged, new version')).toBeVisible();
      return console.page;
    });
    await desk.step('The old one keeps what it has', async () => {
      const dialog = await help('Stays');
      await dialog.getByRole('radio', { name: 'Keep what is here, and stop streaming' }).check();
      await dialog.getByRole('button', { name: 'Stop streaming' }).click();
      await expect(row('Stays')).toContainText('Not streaming');
    });
  });
});
