import { expect, type ElectronApplication, type Page } from '@playwright/test';
import { test } from './support/app.ts';

/** Emulated guests take their time beside other tests. */
const BOOT_MS = 120_000;

const machineOf = (page: Page) => new URL(page.url()).searchParams.get('machine') ?? '';

/** Starts an appliance from the catalog. @returns the console that opens */
async function startFromCatalog(app: ElectronApplication, appliance: string): Promise<Page> {
  const main = await app.firstWindow();
  const start = main.getByRole('button', { name: `Start ${appliance}`, exact: true }).first();
  const [console] = await Promise.all([app.waitForEvent('window'), start.click()]);
  await console.waitForURL(/console\.html/);
  return console;
}

const screenText = (app: ElectronApplication, console: Page) =>
  app.evaluate((_electron, id) => globalThis.headwaterGuests.screenText(id), machineOf(console));

test.describe('the console of Tiny Linux', () => {
  test('opens with the start, shows the guest and takes keys', async ({ watched }, info) => {
    test.setTimeout(BOOT_MS + 60_000);
    const console = await startFromCatalog(watched, 'Tiny Linux');
    await expect.poll(() => screenText(watched, console), { timeout: BOOT_MS }).toContain('tiny login:');
    await console.locator('canvas').click();
    await console.keyboard.type('root\n');
    await expect.poll(() => screenText(watched, console), { timeout: BOOT_MS }).toMatch(/# *$/);
    await console.keyboard.type('expr 6 \\');
    await console.keyboard.press('Shift+Digit8');
    await console.keyboard.type(' 7\n');
    await expect.poll(() => screenText(watched, console), { timeout: BOOT_MS }).toMatch(/^42$/m);
    await console.screenshot({ path: info.outputPath('console.png') });
  });
});
