/** Every screen and dialog, in every look, as axe-core sees it. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test, type ElectronApplication, type Page } from '@playwright/test';
import { Home } from '../support/app.ts';
import { PRETENDED_ENTRY, ROOT } from '../support/build.ts';
import { findings, prepareAxe } from './findings.ts';
import { LOOKS, show } from './looks.ts';
import { SCREENS, type Place } from './screens.ts';

const PICTURES = path.join(ROOT, 'artifacts/screens');
const [FIRST_LOOK] = LOOKS;

for (const scenario of ['usual', 'empty', 'broken', 'many'] as const) {
  test.describe(`everybody can use, with a catalog that is ${scenario},`, () => {
    const home = new Home();
    let app: ElectronApplication;
    let main: Page;
    /** Where each was made. */
    let complaints: Record<string, string[]> = {};

    /** The page of a screen, with nothing done there yet. */
    async function open(at: Place): Promise<Page> {
      await main.goto(`app://headwater/index.html#/${typeof at === 'string' ? at : 'machines'}`);
      await main.reload();
      await main.locator('#screen-heading').waitFor();
      if (typeof at === 'string') return main;
      if ('machine' in at) {
        await machineLink(at.machine).click();
        await main.getByRole('heading', { level: 1, name: at.machine }).waitFor();
        return main;
      }
      const id = (await machineLink(at.consoleOf).getAttribute('href'))?.split('/').at(-1);
      const [page] = await Promise.all([
        app.waitForEvent('window'),
        main.evaluate((id) => window.headwater.request('machines.openConsole', { id }), id),
      ]);
      complainOf(page);
      await page.getByRole('heading', { level: 1 }).waitFor();
      return page;
    }
    const machineLink = (name: string) => main.locator('article').getByRole('link', { name }).first();

    /** What a page says to developers is a complaint, too. */
    function complainOf(page: Page): void {
      page.on('console', (said) => {
        // Playwright's own way of running code in a page.
        if (said.text().includes("requires 'TrustedScript'")) return;
        if (['error', 'warning'].includes(said.type())) note(said.text());
      });
      page.on('pageerror', (error) => note(String(error)));
    }
    const note = (complaint: string, where = 'console') => (complaints[complaint] ??= []).push(where);

    test.beforeAll(async () => {
      mkdirSync(PICTURES, { recursive: true });
      app = await home.launch(PRETENDED_ENTRY, { HEADWATER_SCENARIO: scenario });
      main = await app.firstWindow();
      complainOf(main);
    });
    test.beforeEach(() => {
      complaints = {};
    });
    test.afterEach(async () => {
      for (const page of app.windows()) if (page !== main) await page.close();
    });
    test.afterAll(async () => {
      await app.close();
      home.remove();
    });

    for (const screen of SCREENS.filter((wanted) => (wanted.scenario ?? 'usual') === scenario)) {
      test(screen.name, async () => {
        const page = await open(screen.at);
        await show(app, page, FIRST_LOOK);
        await screen.act?.(page);
        await prepareAxe(page);
        for (const look of LOOKS) {
          await show(app, page, look);
          await page.screenshot({ path: path.join(PICTURES, `${screen.name}-${look.name}.png`) });
          for (const finding of await findings(page)) note(finding, look.name);
        }
        expect(complaints).toEqual({});
        // What is shown is what was meant to be, not a failure to get it.
        expect(home.log).not.toContain('bug');
      });
    }
  });
}

test.describe('findings', () => {
  test('are what they are taken for', async () => {
    const home = new Home();
    const app = await home.launch(PRETENDED_ENTRY);
    const page = await app.firstWindow();
    await page.locator('#screen-heading').waitFor();
    await prepareAxe(page);
    expect(await findings(page)).toEqual([]);
    await page.locator('body').evaluate((body) => {
      const [dialog, frame, wide] = ['dialog', 'div', 'p'].map((name) => document.createElement(name));
      Object.assign((dialog as HTMLDialogElement).style, { width: '200px' });
      Object.assign((frame as HTMLElement).style, { overflowY: 'auto' });
      Object.assign((wide as HTMLElement).style, { width: '300px' });
      // What has no height is not scrolled to.
      wide?.append('wide');
      frame?.append(wide ?? '');
      dialog?.append(frame ?? '');
      dialog?.setAttribute('open', '');
      body.append(dialog ?? '');
    });
    expect(await findings(page)).toContain('wider than its window');
    await page.locator('dialog').evaluate((dialog) => dialog.remove());
    await page.locator('main').evaluate((main) => {
      main.append(document.createElement('button'));
      const faint = Object.assign(document.createElement('p'), { textContent: 'faint' });
      faint.style.cssText =
        'position: fixed; inset: 0; z-index: 1; color: #bbb; background: #fff; width: 200vw';
      main.append(faint);
    });
    const found = (await findings(page)).join('\n');
    expect(found).toContain('critical: button-name');
    expect(found).toContain('serious: color-contrast');
    await app.close();
    home.remove();
  });
});
