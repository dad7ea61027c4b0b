/** The pictures of the documentation: of the app over made-up machines, and of a console with a real guest. */
import path from 'node:path';
import { test, type ElectronApplication, type Page } from '@playwright/test';
import { Guest } from '../journeys/guest.ts';
import { show, SIZES, type Look } from '../screens/looks.ts';
import { Home } from '../support/app.ts';
import { PRETENDED_ENTRY, PRODUCT_ENTRY, ROOT } from '../support/build.ts';

const LOOKS = {
  light: { theme: 'light', language: 'en', size: SIZES.usual },
  dark: { theme: 'dark', language: 'en', size: SIZES.usual },
  contrast: { theme: 'contrast', language: 'en', size: SIZES.usual },
  'light-small': { theme: 'light', language: 'en', size: SIZES.small },
  'german-small': { theme: 'light', language: 'de', size: SIZES.small },
} satisfies Record<string, Omit<Look, 'name'>>;
type LookName = keyof typeof LOOKS;

/** How long a disk has streamed when it is pictured. */
const STREAMED_MS = 40_000;

async function take(
  app: ElectronApplication,
  page: Page,
  what: string,
  looks: readonly LookName[],
  focused = false,
): Promise<void> {
  for (const name of looks) {
    await show(app, page, { name, ...LOOKS[name] });
    if (!focused) await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.screenshot({ path: path.join(ROOT, 'docs/screenshots', `${what}-${name}.png`) });
  }
}

test('screens', async () => {
  const home = new Home();
  const app = await home.launch(PRETENDED_ENTRY);
  const page = await app.firstWindow();
  const goTo = async (screen: string) => {
    await page.goto(`app://headwater/index.html#/${screen}`);
    await page.locator('#screen-heading').waitFor();
  };
  await goTo('machines');
  await take(app, page, 'machines', ['light', 'dark']);
  await goTo('overlays');
  await take(app, page, 'overlays', ['light', 'dark', 'light-small', 'german-small']);
  await goTo('machines');
  await show(app, page, { name: 'light', ...LOOKS.light });
  await page.locator('article').getByRole('link', { name: 'Tiny Linux' }).first().click();
  await page.waitForTimeout(STREAMED_MS);
  await take(app, page, 'machine', ['light', 'dark', 'contrast', 'light-small']);
  await goTo('preferences');
  await take(app, page, 'preferences', ['light', 'dark']);
  await goTo('catalog');
  await take(app, page, 'catalog', ['light', 'dark']);
  await show(app, page, { name: 'light', ...LOOKS.light });
  await page.getByRole('button', { name: 'Details of Tiny Linux' }).first().click();
  await take(app, page, 'catalog-details', ['light']);
  await app.close();
  home.remove();
});

test('a console', async () => {
  const home = new Home();
  const app = await home.launch(PRODUCT_ENTRY);
  const main = await app.firstWindow();
  const start = main.getByRole('button', { name: 'Start Tiny Linux', exact: true }).first();
  const guest = await Guest.opening(app, () => start.click());
  await guest.logIn();
  await guest.type('clear; uname -srm; df -h /; ls /\n');
  await guest.shows(/lost\+found(.|\n)*~#$/);
  await take(app, guest.page, 'console', ['light', 'dark'], true);
  await app.evaluate(({ app }) => app.exit(0)).catch(() => undefined);
  home.remove();
});
