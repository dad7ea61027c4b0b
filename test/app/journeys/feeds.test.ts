/** Feeds in the preferences: a key is compared and trusted, and what is signed with another one is refused. */
import { expect, test, type Locator } from '@playwright/test';
import { systemClock } from '../../../shared/clock.ts';
import type { FeedDocument } from '../../../shared/feed.ts';
import { unwrap } from '../../../shared/result.ts';
import { startRangeServer, type RangeServer } from '../../../main/serve/range-server.ts';
import { aFeed, anEntry, DAY_MS, newKey, publish } from '../../support/feeds.ts';
import { Desk } from './desk.ts';

const NAME = 'Example appliances';

test.describe.serial('a feed', () => {
  let desk: Desk;
  let server: RangeServer;
  let folder: string;
  const key = newKey();
  const card = (): Locator => desk.main.getByRole('region', { name: 'Feeds' });
  const appliance = () => desk.main.getByRole('article', { name: 'From afar' });

  /** Puts an issue of the feed on the server. */
  function issue(serial: number, different: Partial<FeedDocument> = {}, signer = key): void {
    const now = Date.now();
    const dates = {
      issued: new Date(now - DAY_MS).toISOString(),
      expires: new Date(now + DAY_MS).toISOString(),
    };
    const appliances = [anEntry({ name: 'From afar', homepage: 'https://appliances.example.org/tiny' })];
    publish(folder, aFeed(signer, { serial, ...dates, appliances, ...different }), signer);
  }

  async function refresh(): Promise<void> {
    await card()
      .getByRole('button', { name: `Refresh ${NAME}` })
      .click();
  }

  test.beforeAll(async () => {
    desk = new Desk('feeds');
    folder = desk.home.newFolder('published');
    issue(1);
    server = unwrap(await startRangeServer({ root: folder, clock: systemClock }));
    await desk.open();
    await desk.goTo('Preferences');
  });
  test.afterAll(async () => {
    await desk.leave();
    await server.close();
  });

  test('is looked at before it is trusted', async () => {
    const { main } = desk;
    const dialog = main.getByRole('dialog', { name: 'Add a feed' });
    await desk.step('No feed yet', async () => {
      await expect(card()).toContainText('No feed yet');
      await card().getByRole('button', { name: 'Add feed…' }).click();
    });
    await desk.step('Another key than the one expected', async () => {
      await dialog.getByLabel('Address').fill(`${server.url}feed.json`);
      await dialog.getByLabel('Key or fingerprint').fill(newKey().publicText);
      await dialog.getByRole('button', { name: 'Look at it' }).click();
      await expect(dialog).toContainText('The feed is signed with another key than this one');
      await expect(dialog.getByRole('button', { name: 'Trust this key and add' })).toBeDisabled();
    });
    await desk.step('The key that was expected', async () => {
      await dialog.getByLabel('Key or fingerprint').fill(key.publicText);
      await expect(dialog).toContainText('The key is the one you expect.');
    });
    await desk.step('Added', async () => {
      await dialog.getByRole('button', { name: 'Trust this key and add' }).click();
      await expect(dialog).toBeHidden();
      await expect(card()).toContainText(NAME);
      await expect(card()).toContainText('Up to date');
    });
  });

  test('brings its appliances into the catalog, whose links are asked about', async () => {
    const { main } = desk;
    await desk.step('In the catalog', async () => {
      await desk.goTo('Catalog');
      await expect(appliance().first()).toBeVisible();
    });
    await desk.step('Its homepage', async () => {
      await desk.app.evaluate(({ dialog, shell }) => {
        const opened: string[] = [];
        Object.assign(globalThis, { opened });
        dialog.showMessageBox = async (...args: unknown[]) => {
          opened.push((args.at(-1) as { message: string }).message);
          return { response: 0, checkboxChecked: false };
        };
        shell.openExternal = async (address) => void opened.push(address);
      });
      await main.getByRole('button', { name: 'Details of From afar' }).first().click();
      await main.getByRole('dialog').getByRole('link').click();
      await expect
        .poll(() => desk.app.evaluate(() => (globalThis as unknown as { opened: string[] }).opened))
        .toEqual(['Open appliances.example.org in your browser?', 'https://appliances.example.org/tiny']);
      await main.keyboard.press('Escape');
    });
  });

  test('that is signed with another key is refused, and what was there stays', async () => {
    await desk.goTo('Preferences');
    await desk.step('Refused', async () => {
      issue(2, { appliances: [] }, newKey());
      await refresh();
      await expect(card()).toContainText('Refused');
      await expect(desk.notices).toContainText(`${NAME} is not to be trusted`);
    });
    await desk.step('Its appliances are still there', async () => {
      await desk.goTo('Catalog');
      await expect(appliance().first()).toBeVisible();
    });
    await desk.step('A new issue with the right key', async () => {
      await desk.goTo('Preferences');
      issue(3);
      await refresh();
      await expect(card()).toContainText('Up to date');
    });
  });

  test('is removed with what nobody needs', async () => {
    const { main } = desk;
    await desk.step('Removed', async () => {
      await card()
        .getByRole('button', { name: `Remove ${NAME}?` })
        .click();
      await main.getByRole('dialog').getByRole('button', { name: 'Remove feed' }).click();
      await expect(card()).toContainText('No feed yet');
    });
    await desk.step('Gone from the catalog', async () => {
      await desk.goTo('Catalog');
      await expect(appliance()).toHaveCount(0);
    });
  });
});
