/** Journey 5: preferences act at once on what streams. */
import { expect, test } from '@playwright/test';
import { existsSync, readdirSync } from 'node:fs';
import { QmpClient } from '../../support/qmp-client.ts';
import { FarMaster, masterFile } from '../support/far-master.ts';
import { addFromWeb, chooseNext, createOnly } from './catalog.ts';
import { Desk } from './desk.ts';

/** How soon a limit holds. */
const SOON_MS = 1000;
/** What may be under way when it begins to hold, and one request of a quarter of a second. */
const SLACK_BYTES = 400_000;

test.describe.serial('preferences', () => {
  let desk: Desk;
  let master: FarMaster;

  /** A limit that was just set is kept from a second on. */
  const expectAtMost = async (bytesPerSecond: number) => {
    await master.bytesSentIn(SOON_MS);
    expect(await master.bytesSentIn(2000)).toBeLessThan(2 * bytesPerSecond + SLACK_BYTES);
  };
  /** Faster than any limit that was set before, also on a computer that is slow. */
  const expectFullSpeed = () =>
    expect.poll(() => master.bytesSentIn(500), { timeout: 60_000 }).toBeGreaterThan(300_000);

  test.beforeAll(async () => {
    desk = new Desk('preferences');
    master = await FarMaster.serve(masterFile('tiny-linux'));
    await desk.open();
    await addFromWeb(desk, master.url, 'Far away');
    await createOnly(desk, 'Far away', 'Stream');
    await desk.goTo('Preferences');
  });
  test.afterAll(async () => {
    await desk.leave();
    await master.close();
  });

  test('and what else there is to do are reached from the palette of commands', async () => {
    const { main } = desk;
    const streams = main.getByRole('contentinfo', { name: 'Streams' });
    const command = async (words: string) => {
      await main.keyboard.press('Control+k');
      await main.getByRole('combobox', { name: 'Type a command or a name' }).fill(words);
      await main.keyboard.press('Enter');
      await expect(main.getByRole('dialog', { name: 'Commands' })).toBeHidden();
    };
    await desk.step('A section of the preferences', async () => {
      await command('preferences about');
      await expect(main.getByRole('region', { name: 'About and keyboard' })).toBeInViewport();
    });
    await desk.step('Another theme', async () => {
      await command('theme dark');
      await expect(main.locator('html')).toHaveAttribute('data-theme', 'dark');
      await command('theme light');
      await expect(main.locator('html')).toHaveAttribute('data-theme', 'light');
    });
    await desk.step('All streams pause', async () => {
      await command('pause all streams');
      await expect(streams).toContainText('1 paused');
    });
    await desk.step('And go on', async () => {
      await command('resume all streams');
      await expect(streams).toContainText('1 disk streaming');
    });
    await desk.step('A feed is added', async () => {
      await command('add feed');
      await main.getByRole('dialog', { name: 'Add a feed' }).getByRole('button', { name: 'Cancel' }).click();
    });
  });

  test('limit a running stream within a second', async () => {
    const { main } = desk;
    const limit = main.getByRole('textbox', { name: 'All disks together' });
    await expectFullSpeed();
    await desk.step('A limit for all disks', async () => {
      await main.getByRole('combobox', { name: 'All disks together: Unit' }).selectOption('kB/s');
      await limit.fill('200');
      await limit.press('Enter');
      await expectAtMost(200_000);
    });
    await desk.step('No limit', async () => {
      await limit.fill('');
      await limit.press('Enter');
      await expectFullSpeed();
    });
  });

  test('limit it by a schedule', async () => {
    const { main } = desk;
    await desk.step('A time is added', async () => {
      await main.getByRole('button', { name: 'Add a time' }).click();
      const dialog = main.getByRole('dialog', { name: 'Scheduled limit' });
      for (const day of await dialog.getByRole('checkbox').all()) await day.check();
      await dialog.getByLabel('From').fill('00:00');
      await dialog.getByLabel('To', { exact: true }).fill('00:00');
      await dialog.getByRole('combobox', { name: 'Limit: Unit' }).selectOption('kB/s');
      await dialog.getByRole('textbox', { name: 'Limit' }).fill('200');
    });
    await desk.step('It holds now', async () => {
      await main.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
      await expect(main.getByText('Every day')).toBeVisible();
      await expectAtMost(200_000);
    });
    await desk.step('And not any more', async () => {
      await main.getByRole('button', { name: 'Remove Every day, all day' }).click();
      await expectFullSpeed();
    });
  });

  test('fetch nothing that no guest reads by a metered line', async () => {
    const { main } = desk;
    await desk.step('A metered line', async () => {
      await main.getByRole('switch', { name: 'Metered connection' }).check();
      await expect(main.getByRole('contentinfo', { name: 'Streams' })).toContainText('metered connection');
      await expectAtMost(0);
    });
    await desk.step('Another line', async () => {
      await main.getByRole('switch', { name: 'Metered connection' }).uncheck();
      await expectFullSpeed();
    });
  });

  test('let programs in where the user allows it', async () => {
    const sockets = desk.home.file('data/headwater/qmp');
    const allowed = desk.main.getByRole('switch', { name: 'Let programs control machines' });
    await desk.step('Programs may come', async () => {
      expect(existsSync(sockets)).toBe(false);
      await allowed.check();
      await expect.poll(() => existsSync(`${sockets}/app.qmp`)).toBe(true);
      const program = await QmpClient.open(`${sockets}/app.qmp`);
      expect(await program.ask('query-jobs')).toMatchObject({
        return: [{ type: 'stream', status: 'running' }],
      });
      await program.finish();
    });
    await desk.step('And no more', async () => {
      await allowed.uncheck();
      await expect.poll(() => readdirSync(sockets)).toEqual([]);
    });
  });

  test('move the disks to another folder', async () => {
    const { main } = desk;
    const folder = desk.home.newFolder('elsewhere');
    const [before = 'none'] = desk.home.disks;
    await desk.step('Another folder is chosen', async () => {
      await chooseNext(desk, folder);
      const field = main.getByLabel('Folder for new disks');
      await main.getByRole('button', { name: 'Choose… Folder for new disks' }).click();
      await expect(field).toHaveValue(folder);
      await expect.poll(() => readdirSync(folder).filter((name) => name.endsWith('.qed'))).toHaveLength(1);
      expect(desk.home.disks).not.toContain(before);
      await expectFullSpeed();
    });
  });

  test('change how Headwater looks and speaks, and are there the next time', async () => {
    await desk.step('Dark and in German', async () => {
      await desk.main.getByRole('radio', { name: 'Dark' }).check();
      await desk.main.getByRole('radio', { name: 'Deutsch' }).check();
      await expect(desk.main.getByRole('heading', { level: 1 })).toHaveText('Einstellungen');
    });
    await desk.losePower();
    await desk.open();
    await desk.step('The next time', async () => {
      await expect(desk.main.getByRole('heading', { level: 1 })).toHaveText('Katalog');
      await expect(desk.main.locator('html')).toHaveAttribute('data-theme', 'dark');
    });
  });
});
