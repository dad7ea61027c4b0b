import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, type Page } from '@playwright/test';
import type { Preferences } from '../../shared/preferences.ts';
import { consoleGuestDisk } from '../support/console-guest.ts';
import { test } from './support/app.ts';
import { startFromDisk, startFromUrl, type GuestWindow } from './support/guests.ts';

const AXE = readFileSync(path.resolve(import.meta.dirname, '../../node_modules/axe-core/axe.min.js'), 'utf8');

interface Finding {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string }[];
}

/** What axe-core has to say against a page, apart from what is minor. */
async function findings(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Finding[] }> } };
    return (await axe.run()).violations;
  });
  return violations
    .filter(({ impact }) => impact !== 'minor')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' ')}`);
}

/** Everything of the header is inside the window, however narrow that is. */
const fits = (page: Page) =>
  page.evaluate(() => {
    const inside = (element: Element) => {
      const { left, right } = element.getBoundingClientRect();
      return left >= 0 && right <= innerWidth;
    };
    return (
      document.documentElement.scrollWidth <= innerWidth &&
      [...document.querySelectorAll('header button, footer button')].every(inside)
    );
  });

const LOOKS: readonly { name: string; preferences: Partial<Preferences>; width: number; height: number }[] = [
  { name: 'light', preferences: { theme: 'light', language: 'en' }, width: 1064, height: 880 },
  { name: 'dark-small', preferences: { theme: 'dark', language: 'en' }, width: 800, height: 600 },
  { name: 'contrast', preferences: { theme: 'contrast', language: 'en' }, width: 1064, height: 880 },
  { name: 'german-small', preferences: { theme: 'light', language: 'de' }, width: 800, height: 600 },
];

/** Looks at a console in one state, in every look. */
async function lookAt(guest: GuestWindow, state: string, pathOf: (name: string) => string): Promise<void> {
  const { page } = guest;
  for (const { name, preferences, width, height } of LOOKS) {
    await page.evaluate((change) => window.headwater.request('preferences.set', change), preferences);
    await guest.resize(width, height);
    await expect(page.locator('html')).toHaveAttribute('data-theme', preferences.theme ?? '');
    await page.waitForTimeout(300); // colours pass over into each other
    await page.screenshot({ path: pathOf(`${state}-${name}.png`) });
    expect(await findings(page), `${state}, ${name}`).toEqual([]);
    expect(await fits(page), `${state}, ${name}`).toBe(true);
  }
}

test.describe('a console, in every theme and language and size', () => {
  test.setTimeout(300_000);

  test('has names, contrast and room for everything', async ({ watched, home }, info) => {
    const guest = await startFromDisk(watched, home.folder, consoleGuestDisk());
    const { page } = guest;
    const at = (name: string) => info.outputPath(name);
    await guest.order('d');
    await lookAt(guest, 'screen', at);
    await page.getByRole('tab').nth(1).click();
    await expect(page.locator('.xterm-rows')).toContainText('>');
    await lookAt(guest, 'serial', at);
    await page.getByRole('tab').nth(0).click();
    await page.locator('header [aria-haspopup=menu]').first().click();
    await lookAt(guest, 'menu', at);
    await page.getByRole('menuitem').last().click();
    await lookAt(guest, 'question', at);
    await page.keyboard.press('Escape');
    await page.evaluate(
      (id) => window.headwater.request('machines.command', { id, command: 'pause' }),
      guest.machineId,
    );
    await lookAt(guest, 'paused', at);
    await page.evaluate(
      (id) => window.headwater.request('machines.command', { id, command: 'kill' }),
      guest.machineId,
    );
    await expect(guest.canvas).toBeHidden();
    await lookAt(guest, 'off', at);
  });

  test('says what a guest waits for', async ({ watched }, info) => {
    const disk = consoleGuestDisk();
    const held: ServerResponse[] = [];
    const server = createServer(({ headers, method }, response) => {
      response.setHeader('etag', '"1"').setHeader('accept-ranges', 'bytes');
      const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
      if (method === 'HEAD') return void response.writeHead(200, { 'content-length': disk.length }).end();
      if (!range) return void response.writeHead(416).end();
      const [from, to] = [Number(range[1]), Math.min(Number(range[2]), disk.length - 1)];
      response.writeHead(206, {
        'content-range': `bytes ${from}-${to}/${disk.length}`,
        'content-length': to + 1 - from,
      });
      // The catalog looks at a byte or so; whoever wants to boot from it waits.
      if (to - from < 512) return void response.end(disk.subarray(from, to + 1));
      held.push(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const guest = await startFromUrl(watched, `http://127.0.0.1:${port}/disk.raw`);
    await expect(guest.page.getByText(/^Waiting for data for \d/)).toBeVisible({ timeout: 30_000 });
    await lookAt(guest, 'waiting', (name) => info.outputPath(name));
    for (const response of held) response.destroy();
    server.closeAllConnections();
    server.close();
  });
});
