/* global document, innerWidth */
// Shows every screen of the main window over a pretended main process, in a real browser and under the policy of the
// real windows, asks axe-core about each, and takes pictures. `node test/screens/index.mjs [FOLDER]`; needs `chromium`.
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from '@playwright/test';
import { build as bundle } from 'esbuild';
import { build } from 'vite';

const root = path.dirname(path.dirname(import.meta.dirname));
const pictures = process.argv[2];
const only = process.env.SCREENS?.split(',');
const axe = readFileSync(path.join(root, 'node_modules/axe-core/axe.min.js'), 'utf8');

/** What is looked at: an address, and what is done there first. */
const SCREENS = [
  { name: 'catalog', hash: 'catalog' },
  {
    name: 'catalog-details',
    hash: 'catalog',
    act: (page) =>
      page
        .getByRole('button', { name: /^(Details of|Details zu) Tiny Linux/ })
        .first()
        .click(),
  },
  {
    name: 'catalog-add',
    hash: 'catalog',
    act: (page) => page.getByRole('button', { name: /^(Add appliance|Appliance hinzufügen)/ }).click(),
  },
  { name: 'catalog-no-match', hash: 'catalog', act: (page) => page.getByRole('searchbox').fill('plan nine') },
  { name: 'catalog-empty', hash: 'catalog', scenario: 'empty' },
  { name: 'catalog-broken', hash: 'catalog', scenario: 'broken' },
  {
    name: 'catalog-many',
    hash: 'catalog',
    scenario: 'many',
    act: (page) => page.locator('.screen').evaluate((element) => element.scrollTo(0, 40_000)),
  },
  { name: 'machines', hash: 'machines' },
  { name: 'machines-empty', hash: 'machines', scenario: 'empty' },
  { name: 'machines-many', hash: 'machines', scenario: 'many' },
  {
    name: 'machines-menu',
    hash: 'machines',
    act: (page) => page.locator('article [aria-haspopup=menu]').nth(1).click(),
  },
  { name: 'machine', hash: 'machines/machine-1', settleMs: 9000 },
  {
    name: 'machine-bottom',
    hash: 'machines/machine-1',
    settleMs: 3000,
    act: (page) => page.locator('.screen').evaluate((element) => element.scrollTo(0, 40_000)),
  },
  { name: 'machine-waiting', hash: 'machines/machine-2' },
  { name: 'machine-complete', hash: 'machines/machine-4' },
  { name: 'machine-linked', hash: 'machines/machine-5' },
  { name: 'machine-64tib', hash: 'machines/machine-6', settleMs: 4000 },
  { name: 'machine-failed', hash: 'machines/machine-7' },
  {
    name: 'machine-remove',
    hash: 'machines/machine-4',
    act: async (page) => {
      await page.locator('main [aria-haspopup=menu]').click();
      await page.getByRole('menuitem').last().click();
    },
  },
  { name: 'overlays', hash: 'overlays' },
  {
    name: 'overlays-menu',
    hash: 'overlays',
    act: (page) => page.locator('td [aria-haspopup=menu]').first().click(),
  },
  {
    name: 'overlays-check',
    hash: 'overlays',
    act: async (page) => {
      await page.locator('td [aria-haspopup=menu]').first().click();
      await page.getByRole('menuitem').first().click();
    },
  },
  { name: 'preferences', hash: 'preferences' },
  {
    name: 'preferences-feeds',
    hash: 'preferences',
    act: (page) => page.locator('details').nth(1).locator('summary').click(),
  },
  {
    name: 'preferences-feed-new',
    hash: 'preferences',
    act: async (page) => {
      await page.getByRole('button', { name: /^(Add feed|Feed hinzufügen)/ }).click();
      await page
        .getByRole('dialog')
        .getByRole('textbox')
        .first()
        .fill('https://appliances.example.org/feed.json');
      await page.getByRole('dialog').getByRole('textbox').first().press('Enter');
    },
  },
  {
    name: 'preferences-schedule',
    hash: 'preferences',
    act: (page) => page.getByRole('button', { name: /^(Add a time|Zeit hinzufügen)/ }).click(),
  },
  {
    name: 'preferences-invalid',
    hash: 'preferences',
    act: (page) => page.getByRole('textbox').first().fill('fast'),
  },
  { name: 'commands', hash: 'machines', act: (page) => page.keyboard.press('Control+k') },
];
const LOOKS = [
  { name: 'light', query: 'theme=light', size: { width: 1280, height: 800 } },
  { name: 'dark', query: 'theme=dark', size: { width: 1280, height: 800 } },
  { name: 'light-small', query: 'theme=light', size: { width: 800, height: 600 } },
  { name: 'dark-small', query: 'theme=dark', size: { width: 800, height: 600 } },
  { name: 'contrast', query: 'theme=contrast', size: { width: 1280, height: 800 } },
  { name: 'german-small', query: 'theme=light&language=de', size: { width: 800, height: 600 } },
];
const looks = process.env.LOOKS?.split(',');

const folder = await mkdtemp(path.join(tmpdir(), 'headwater-screens-'));
const renderer = path.join(root, 'renderer');
await build({
  configFile: path.join(renderer, 'vite.config.ts'),
  logLevel: 'error',
  build: {
    outDir: folder,
    sourcemap: false,
    rolldownOptions: { input: [path.join(renderer, 'testing/index.html')] },
  },
});
const server = await serve(folder, await policy());
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
let findings = 0;
for (const look of LOOKS.filter(({ name }) => looks?.includes(name) ?? true)) {
  for (const screen of SCREENS.filter(({ name }) => only?.includes(name) ?? true))
    findings += await show(look, screen);
}
await browser.close();
server.close();
await rm(folder, { recursive: true });
console.log(findings === 0 ? 'No findings.' : `${findings} findings.`);
process.exitCode = findings === 0 ? 0 : 1;

/** @returns how much there is to complain about */
async function show(look, { name, hash, scenario = 'usual', act, settleMs = 400 }) {
  const page = await browser.newPage({
    viewport: look.size,
    bypassCSP: false,
    reducedMotion: 'reduce',
    locale: 'en-GB',
  });
  const complaints = [];
  page.on(
    'console',
    (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()),
  );
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(
    `http://127.0.0.1:${server.address().port}/testing/index.html?scenario=${scenario}&${look.query}#/${hash}`,
  );
  await page
    .locator('#screen-heading')
    .waitFor({ timeout: 10_000 })
    .catch((error) => complaints.push(error.message));
  await act?.(page);
  await page.waitForTimeout(settleMs);
  if (pictures) {
    await mkdir(pictures, { recursive: true });
    await page.screenshot({ path: path.join(pictures, `${name}-${look.name}.png`) });
  }
  // By way of the debugger, where the page's policy does not reach.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  for (const { id, impact, nodes } of violations) {
    if (impact === 'minor') continue;
    complaints.push(
      `${impact}: ${id}\n    ${nodes
        .slice(0, 3)
        .map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`)
        .join('\n    ')}`,
    );
  }
  const overflow = await page.evaluate(
    () =>
      document.documentElement.scrollWidth > innerWidth ||
      [...document.querySelectorAll('.screen')].some((element) => element.scrollWidth > element.clientWidth),
  );
  if (overflow) complaints.push('wider than the window');
  for (const complaint of complaints) console.log(`${name} (${look.name}): ${complaint}`);
  await page.close();
  return complaints.length;
}

/** The policy of the real main window. */
async function policy() {
  const source = path.join(root, 'main/app/security/content-security-policy.ts');
  const { outputFiles } = await bundle({ entryPoints: [source], format: 'esm', write: false });
  const module = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
  return module.contentSecurityPolicy('/index.html');
}

async function serve(from, csp) {
  const types = {
    '.html': 'text/html',
    '.js': 'text/javascript',
    '.css': 'text/css',
    '.svg': 'image/svg+xml',
  };
  const created = createServer(async ({ url }, response) => {
    const { pathname } = new URL(url, 'http://localhost');
    try {
      const contents = await readFile(path.join(from, path.posix.normalize(pathname)));
      response.writeHead(200, {
        'content-type': types[path.extname(pathname)] ?? '',
        'content-security-policy': csp,
      });
      response.end(contents);
    } catch {
      response.writeHead(pathname === '/favicon.ico' ? 204 : 404).end();
    }
  });
  await new Promise((resolve) => created.listen(0, '127.0.0.1', resolve));
  return created;
}
