/** An appliance that was published with a saved machine: Start goes on from there, and to boot is one click away. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test, type Locator } from '@playwright/test';
import { COUNTRY_LINE, FarMaster } from '../support/far-master.ts';
import { GUEST_MEMORY_MIB, publishGuest, type PublishedGuest } from '../support/published-guest.ts';
import { Desk } from './desk.ts';
import { addFeed } from './feeds.ts';
import { Guest } from './guest.ts';

const NAME = 'Ready to go';
/** So slow that there is time to boot instead. */
const SLOW_LINE = '300kbit,30ms';

test.describe.serial('an appliance published with a saved machine', () => {
  let desk: Desk;
  let server: FarMaster;
  let published: PublishedGuest;
  const card = (): Locator => desk.main.getByRole('article', { name: NAME }).first();
  const start = () => card().getByRole('button', { name: `Start ${NAME}` });
  const dialog = (): Locator => desk.main.getByRole('dialog', { name: NAME });
  const details = () => card().getByRole('button', { name: `Details of ${NAME}` });
  /** The guest takes orders at its serial port when it is there. */
  const isThere = async ({ page }: Guest) => {
    await expect(page.locator('header')).toContainText('Running');
    await expect(page.locator('canvas')).toBeVisible();
    await page.getByRole('tab', { name: 'Serial' }).click();
    await page.keyboard.type('t');
    await expect(page.locator('.xterm-rows')).toContainText('>');
  };

  test.beforeAll(async () => {
    test.setTimeout(180_000);
    desk = new Desk('instant-start');
    published = await publishGuest(desk.home.newFolder('published'), NAME);
    server = await FarMaster.serve(published.site);
    await desk.open();
    await addFeed(desk, `${server.url}feed.json`);
    await desk.goTo('Catalog');
    // However many there are, it stands where no notice covers it.
    await desk.main.getByRole('searchbox').fill(NAME);
  });
  test.afterAll(async () => {
    await desk.leave();
    await server.close();
  });

  test('says after how much it starts, and what keeps it from that', async () => {
    await desk.step('On its card', async () => {
      await expect(card()).toContainText(/Starts in an instant after [\d.]+\s[KM]iB/u);
    });
    await desk.step('Another size of memory boots', async () => {
      await details().click();
      await expect(dialog()).toContainText('Goes on at the login prompt once');
      await dialog().getByLabel('Memory in MiB').fill('64');
      await expect(dialog()).toContainText(`was saved with ${GUEST_MEMORY_MIB} MiB of memory`);
      await dialog().getByRole('button', { name: 'Close' }).click();
    });
  });

  test('boots instead where that is chosen before', async () => {
    const before = server.bytesSent;
    let guest: Guest;
    await desk.step('Boot instead, in the dialog', async () => {
      await details().click();
      await dialog().getByRole('radio', { name: 'Boot instead' }).check();
      guest = await Guest.opening(desk.app, () =>
        dialog().getByRole('button', { name: 'Create and start' }).click(),
      );
      await isThere(guest);
      return guest.page;
    });
    expect(server.bytesSent - before).toBeLessThan(published.state.lengthBytes);
  });

  test('boots instead where its state takes too long', async () => {
    await server.moveTo(SLOW_LINE);
    let guest: Guest;
    await desk.step('The saved machine comes in', async () => {
      guest = await Guest.opening(desk.app, () => start().click());
      await expect(guest.page.getByText(/The saved machine comes in: .+ of/)).toBeVisible();
      return guest.page;
    });
    await desk.step('Boot instead, in the console', async () => {
      await guest.page.getByRole('tabpanel').getByRole('button', { name: 'Boot instead' }).click();
      await isThere(guest);
      return guest.page;
    });
    await server.moveTo(COUNTRY_LINE);
  });

  test('boots where the state is not what was published, and says so', async () => {
    const { file } = published.state;
    const whole = readFileSync(file);
    const spoilt = Buffer.from(whole).fill(0xff, Math.floor(whole.length / 2));
    writeFileSync(file, spoilt);
    await desk.step('A spoilt state', async () => {
      const guest = await Guest.opening(desk.app, () => start().click());
      await isThere(guest);
      await expect(desk.notices).toContainText(
        'was booted. What was published to start it at once could not be used',
      );
    });
    writeFileSync(file, whole);
  });

  test('goes on where it was saved', async () => {
    const before = server.bytesSent;
    await desk.step('Started', async () => {
      const guest = await Guest.opening(desk.app, () => start().click());
      await isThere(guest);
      return guest.page;
    });
    expect(server.bytesSent - before).toBeGreaterThan(published.state.lengthBytes / 2);
    const after = server.bytesSent;
    await desk.step('Another one, from what is here already', async () => {
      const guest = await Guest.opening(desk.app, () => start().click());
      await isThere(guest);
      return guest.page;
    });
    expect(server.bytesSent - after).toBeLessThan(published.state.lengthBytes / 2);
  });
});
