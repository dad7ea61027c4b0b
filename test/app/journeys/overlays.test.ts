/** Journey 4: the overlays of all machines, and the masters that they lie on. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, type Locator } from '@playwright/test';
import { sha256 } from '../../support/ext-files.ts';
import { FarMaster, masterFile } from '../support/far-master.ts';
import { addFromWeb, chooseNext, createOnly } from './catalog.ts';
import { Desk } from './desk.ts';

/** So slow that what streams has not come to its end before the journey has, however long that takes. */
const SLOW_LINE = '1mbit,30ms';

test.describe.serial('the overlays', () => {
  let desk: Desk;
  let master: FarMaster;
  let overlays: Locator;
  let masters: Locator;
  const row = (name: string) =>
    overlays.getByRole('row').filter({ has: desk.main.getByRole('link', { name, exact: true }) });
  const names = () => overlays.getByRole('rowheader').or(overlays.getByRole('link')).allTextContents();
  const choose = async (name: string, item: string) => {
    await row(name)
      .getByRole('button', { name: `More for ${name}` })
      .click();
    await desk.main.getByRole('menuitem', { name: item }).click();
  };

  test.beforeAll(async () => {
    desk = new Desk('overlays');
    master = await FarMaster.serve(masterFile('tiny-linux'), SLOW_LINE);
    await desk.open();
    overlays = desk.main.getByRole('table', { name: 'Overlays' });
    masters = desk.main.getByRole('table', { name: 'Masters' });
  });
  test.afterAll(async () => {
    await desk.leave();
    await master.close();
  });

  test('of all machines are there, sorted and filtered', async () => {
    await addFromWeb(desk, master.url, 'Far away');
    await createOnly(desk, 'Disk Tour', 'Complete');
    await createOnly(desk, 'Disk Tour', 'Thin', 'Linked');
    await createOnly(desk, 'Far away', 'Under way');
    await desk.step('Every overlay with its state', async () => {
      await desk.goTo('Overlays');
      await expect(row('Complete')).toContainText('Fully streamed');
      await expect(row('Thin')).toContainText('Linked');
      await expect(row('Under way')).toContainText('Streaming');
    });
    await desk.step('Sorted by size', async () => {
      expect(await names()).toEqual(['Complete', 'Thin', 'Under way']);
      await overlays.getByRole('button', { name: 'Machine' }).click();
      expect(await names()).toEqual(['Under way', 'Thin', 'Complete']);
      await overlays.getByRole('button', { name: 'Virtual size' }).click();
      await expect(overlays.getByRole('columnheader', { name: 'Virtual size' })).toHaveAttribute(
        'aria-sort',
        'ascending',
      );
      expect((await names()).at(-1)).toBe('Under way');
    });
    await desk.step('Filtered by state and by text', async () => {
      await desk.main.getByRole('combobox', { name: 'State' }).selectOption('Linked');
      expect(await names()).toEqual(['Thin']);
      await desk.main.getByRole('combobox', { name: 'State' }).selectOption('All states');
      await desk.main.getByRole('searchbox', { name: 'Find overlays' }).fill('far');
      expect(await names()).toEqual(['Under way']);
      await desk.main.getByRole('searchbox', { name: 'Find overlays' }).fill('');
    });
  });

  test('are checked, shown in their folder, and exported', async () => {
    await desk.step('A check without findings', async () => {
      await choose('Complete', 'Check');
      await expect(desk.main.getByRole('dialog')).toContainText('No errors were found.');
    });
    await desk.main.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await desk.step('Its file in the folder', async () => {
      await desk.app.evaluate(({ shell }) => {
        const shown: string[] = [];
        Object.assign(globalThis, { shown });
        shell.showItemInFolder = (file) => void shown.push(file);
      });
      await choose('Complete', 'Show in folder');
      const shown = () => desk.app.evaluate(() => (globalThis as unknown as { shown: string[] }).shown);
      await expect.poll(shown).toEqual([expect.stringMatching(/disks\/complete-.*\.qed$/)]);
    });
    const original = sha256(readFileSync(masterFile('disk-tour')));
    for (const [name, format] of [
      ['Complete', 'Raw'],
      ['Thin', 'QED'],
      ['Thin', 'qcow2'],
    ] as const) {
      await desk.step(`Exported as ${format}`, async () => {
        const target = desk.home.file(`export.${format}`);
        await chooseNext(desk, target);
        await choose(name, 'Export…');
        const dialog = desk.main.getByRole('dialog');
        await dialog.getByRole('radio', { name: format }).check();
        await dialog.getByRole('button', { name: 'Choose file and export…' }).click();
        await expect(desk.notices).toContainText(`The disk was exported to “${target}”`);
        expect(sha256(desk.home.rawContents(target, format.toLowerCase()))).toBe(original);
      });
    }
  });

  test('keep the masters that they need', async () => {
    await desk.step('Needed masters cannot be removed', async () => {
      const far = masters.getByRole('row', { name: 'Far away' });
      await expect(far).toContainText('Under way');
      const remove = far.getByRole('button', { name: 'Remove Far away from the catalog' });
      await expect(remove).toBeDisabled();
      await expect(remove).toHaveAccessibleDescription('Still needed by Under way');
    });
  });

  test('go with their machine, and free what they took', async () => {
    const image = desk.home.disks.find((file) => path.basename(file).startsWith('under-way-')) ?? '';
    expect(existsSync(image)).toBe(true);
    await desk.step('What deleting frees is said first', async () => {
      await choose('Under way', 'Remove machine…');
      const dialog = desk.main.getByRole('dialog', { name: 'Remove Under way?' });
      await expect(dialog).toContainText(image);
      await expect(dialog).toContainText('That frees');
    });
    await desk.step('Deleted', async () => {
      await desk.main.getByRole('button', { name: 'Remove machine' }).click();
      await expect(row('Under way')).toBeHidden();
      await expect(desk.notices).toContainText('are free again');
      expect(existsSync(image)).toBe(false);
    });
    await desk.step('A master that nobody needs any more is removed', async () => {
      await masters.getByRole('button', { name: 'Remove Far away from the catalog' }).click();
      await desk.main.getByRole('button', { name: 'Remove master' }).click();
      await expect(masters.getByRole('row', { name: 'Far away' })).toBeHidden();
    });
  });
});
