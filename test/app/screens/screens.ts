import type { Page } from '@playwright/test';

export type Scenario = 'usual' | 'empty' | 'broken' | 'many';

/** Something to look at, and what is done there first. */
export interface Screen {
  readonly name: string;
  readonly at: Place;
  readonly scenario?: Scenario;
  readonly act?: (page: Page) => Promise<unknown>;
}

/** A screen of the main window; the page or the console of the machine of that name. */
export type Place = string | { readonly machine: string } | { readonly consoleOf: string };

const menuOf = async (page: Page, name: string, item?: string) => {
  await page.getByRole('button', { name: `More for ${name}` }).click();
  if (item !== undefined) await page.getByRole('menuitem', { name: item }).click();
};
const press = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).first().click();
const toBottom = (page: Page) => page.locator('.screen').evaluate((element) => element.scrollTo(0, 40_000));

export const SCREENS: readonly Screen[] = [
  { name: 'catalog', at: 'catalog' },
  { name: 'catalog-details', at: 'catalog', act: (page) => press(page, 'Details of Tiny Linux') },
  { name: 'catalog-add', at: 'catalog', act: (page) => press(page, 'Add appliance…') },
  {
    name: 'catalog-add-web',
    at: 'catalog',
    act: async (page) => {
      await press(page, 'Add appliance…');
      await page.getByRole('radio', { name: 'On the web' }).check();
      await page.getByRole('dialog').getByRole('button', { name: 'Add', exact: true }).click();
    },
  },
  {
    name: 'catalog-no-match',
    at: 'catalog',
    act: (page) => page.getByRole('searchbox').fill('plan nine'),
  },
  { name: 'catalog-empty', at: 'catalog', scenario: 'empty' },
  { name: 'catalog-broken', at: 'catalog', scenario: 'broken' },
  { name: 'catalog-many', at: 'catalog', scenario: 'many', act: toBottom },
  { name: 'machines', at: 'machines' },
  { name: 'machines-empty', at: 'machines', scenario: 'empty' },
  { name: 'machines-broken', at: 'machines', scenario: 'broken' },
  { name: 'machines-many', at: 'machines', scenario: 'many' },
  { name: 'machines-menu', at: 'machines', act: (page) => menuOf(page, 'Debian desktop') },
  { name: 'machine', at: { machine: 'Tiny Linux' } },
  {
    name: 'machine-map',
    at: { machine: 'Tiny Linux' },
    act: async (page) => {
      const map = page.getByRole('slider', { name: 'Stretch of the disk' });
      for (const key of ['End', 'PageUp', 'ArrowLeft']) await map.press(key);
    },
  },
  { name: 'machine-bottom', at: { machine: 'Tiny Linux' }, act: toBottom },
  { name: 'machine-waiting', at: { machine: 'Debian desktop' } },
  { name: 'machine-paused', at: { machine: 'Build server' } },
  { name: 'machine-complete', at: { machine: 'Tiny Linux 2' } },
  { name: 'machine-linked', at: { machine: 'Course 2026' } },
  { name: 'machine-64tib', at: { machine: 'Archive' } },
  { name: 'machine-64mib', at: { machine: 'Disk Tour' } },
  { name: 'machine-boot-pack', at: { machine: 'Debian, just started' } },
  { name: 'machine-failed', at: { machine: 'Old experiment' } },
  {
    name: 'machine-ways-out',
    at: { machine: 'Old experiment' },
    act: (page) => press(page, 'What can be done…'),
  },
  {
    name: 'machine-ways-out-elsewhere',
    at: { machine: 'Debian desktop' },
    act: async (page) => {
      await press(page, 'What can be done…');
      await page.getByRole('radio', { name: 'Read the same disk from another place' }).focus();
    },
  },
  { name: 'machine-suspended', at: { machine: 'Statistics, overnight' } },
  { name: 'machine-gone', at: 'machines/nothing' },
  {
    name: 'machine-rename',
    at: { machine: 'Tiny Linux 2' },
    act: (page) => menuOf(page, 'Tiny Linux 2', 'Rename…'),
  },
  {
    name: 'machine-memory',
    at: { machine: 'Tiny Linux 2' },
    act: (page) => menuOf(page, 'Tiny Linux 2', 'Memory…'),
  },
  {
    name: 'machine-runs-on',
    at: { machine: 'Tiny Linux 2' },
    act: async (page) => {
      await menuOf(page, 'Tiny Linux 2', 'Runs on…');
      await page.getByRole('textbox', { name: 'Forwarded ports' }).fill('tcp:22');
    },
  },
  {
    name: 'machine-remove',
    at: { machine: 'Tiny Linux 2' },
    act: (page) => menuOf(page, 'Tiny Linux 2', 'Remove…'),
  },
  {
    name: 'machine-force-off',
    at: { machine: 'Tiny Linux' },
    act: (page) => menuOf(page, 'Tiny Linux', 'Force off'),
  },
  { name: 'overlays', at: 'overlays' },
  { name: 'overlays-empty', at: 'overlays', scenario: 'empty' },
  { name: 'overlays-broken', at: 'overlays', scenario: 'broken' },
  { name: 'overlays-menu', at: 'overlays', act: (page) => menuOf(page, 'Debian desktop') },
  { name: 'overlays-check', at: 'overlays', act: (page) => menuOf(page, 'Tiny Linux 2', 'Check') },
  { name: 'overlays-repair', at: 'overlays', act: (page) => menuOf(page, 'Tiny Linux 2', 'Repair…') },
  { name: 'overlays-export', at: 'overlays', act: (page) => menuOf(page, 'Tiny Linux 2', 'Export…') },
  {
    name: 'overlays-remove-master',
    at: 'overlays',
    act: (page) => press(page, 'Remove Alpine 3.18 from the catalog'),
  },
  { name: 'preferences', at: 'preferences' },
  {
    name: 'preferences-feeds',
    at: 'preferences',
    act: (page) => page.locator('details').nth(1).locator('summary').click(),
  },
  {
    name: 'preferences-feed-new',
    at: 'preferences',
    act: async (page) => {
      await press(page, 'Add feed');
      const address = page.getByRole('dialog').getByRole('textbox').first();
      await address.fill('https://appliances.example.org/feed.json');
      await address.press('Enter');
    },
  },
  { name: 'preferences-broken', at: 'preferences', scenario: 'broken' },
  { name: 'preferences-bottom', at: 'preferences', act: toBottom },
  { name: 'preferences-schedule', at: 'preferences', act: (page) => press(page, 'Add a time') },
  {
    name: 'preferences-invalid',
    at: 'preferences',
    act: (page) => page.getByRole('textbox').first().fill('fast'),
  },
  {
    name: 'past-notices',
    at: 'machines',
    act: (page) => press(page, 'What happened'),
  },
  {
    name: 'many-notices',
    at: 'catalog',
    act: async (page) => {
      for (const name of ['Tiny Linux', 'Disk Tour', 'Alpine', 'Fedora 14', 'Debian 12']) {
        await press(page, new RegExp(`^Details of ${name}`));
        const dialog = page.getByRole('dialog');
        await dialog.getByLabel('Name').fill(name);
        await dialog.getByRole('button', { name: 'Create only' }).click();
        await dialog.waitFor({ state: 'hidden' });
      }
      // They stay while they are pointed at.
      await page.getByRole('status', { name: 'Notices' }).hover();
    },
  },
  { name: 'commands', at: 'machines', act: (page) => page.keyboard.press('Control+k') },
  { name: 'console', at: { consoleOf: 'Tiny Linux' }, act: (page) => page.locator('canvas').click() },
  {
    name: 'console-serial',
    at: { consoleOf: 'Tiny Linux' },
    act: (page) => page.getByRole('tab', { name: 'Serial' }).click(),
  },
  { name: 'console-keys', at: { consoleOf: 'Tiny Linux' }, act: (page) => press(page, 'Send keys') },
  { name: 'console-power', at: { consoleOf: 'Tiny Linux' }, act: (page) => press(page, 'Power') },
  {
    name: 'console-force-off',
    at: { consoleOf: 'Tiny Linux' },
    act: async (page) => {
      await press(page, 'Power');
      await page.getByRole('menuitem', { name: 'Force off' }).click();
    },
  },
  { name: 'console-waiting', at: { consoleOf: 'Debian desktop' } },
  { name: 'console-paused', at: { consoleOf: 'Build server' } },
  { name: 'console-off', at: { consoleOf: 'Tiny Linux 2' } },
  { name: 'console-failed', at: { consoleOf: 'Old experiment' } },
];
