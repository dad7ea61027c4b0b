import { existsSync, readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, type ElectronApplication, type JSHandle } from '@playwright/test';
import type { BrowserWindow } from 'electron';
import { consoleGuestDisk } from '../support/console-guest.ts';
import { test } from './support/app.ts';
import {
  BOOT_MS,
  openConsoleOf,
  startFromCatalog,
  startFromDisk,
  startFromUrl,
  type GuestWindow,
} from './support/guests.ts';

test.describe('the console of Tiny Linux', () => {
  test('shows the guest, takes keys on both of its parts, and goes off and on', async ({ watched }, info) => {
    test.setTimeout(4 * BOOT_MS);
    const guest = await startFromCatalog(watched, 'Tiny Linux');
    const { page } = guest;
    await guest.waitForScreen(/tiny login:/);
    await guest.canvas.click();
    await page.keyboard.type('root\n');
    await guest.waitForScreen(/# *$/);
    await page.keyboard.type('expr 6 \\');
    await page.keyboard.press('Shift+Digit8');
    await page.keyboard.type(' 7\n');
    await guest.waitForScreen(/^42$/m);
    await page.screenshot({ path: info.outputPath('screen.png') });

    await page.getByRole('tab', { name: 'Serial' }).click();
    // Printed before there was a terminal.
    await expect(page.locator('.xterm-rows')).toContainText('tiny login:');
    await page.keyboard.type('root\n');
    await guest.waitForSerial(/# $/);
    await page.keyboard.type('expr 20 + 3\n');
    await guest.waitForSerial(/^23\r$/m);
    await expect(page.locator('.xterm-rows')).toContainText('23');
    await page.screenshot({ path: info.outputPath('serial.png') });

    await page.getByRole('button', { name: 'Power', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Shut down' }).click();
    await page.getByRole('tab', { name: 'Screen' }).click();
    const start = page.getByRole('tabpanel').getByRole('button', { name: 'Start' });
    await expect(start).toBeVisible({ timeout: BOOT_MS });
    await page.screenshot({ path: info.outputPath('off.png') });
    await start.click();
    await guest.waitForScreen(/tiny login:/);
    await expect(guest.canvas).toBeVisible();
  });
});

/** A guest that takes orders, with the focus on its picture. */
async function exerciser(app: ElectronApplication, folder: string): Promise<GuestWindow> {
  const guest = await startFromDisk(app, folder, consoleGuestDisk());
  await expect(guest.canvas).toBeVisible();
  await guest.canvas.click();
  await expect(guest.canvas).toBeFocused();
  return guest;
}

const RED = 255;

test.describe('the picture in a console', () => {
  test('follows the modes of the guest, and is there at once when the console is opened again', async ({
    watched,
    home,
  }) => {
    const guest = await exerciser(watched, home.folder);
    expect(await guest.picture(0, 399)).toEqual([720, 400, 0]);
    await guest.order('c');
    await expect.poll(() => guest.picture(RED, 7)).toEqual([640, 480, 0xff0780]);
    await guest.order('d');
    await expect.poll(() => guest.picture(RED, 700)).toEqual([1024, 768, 0xffbc80]);
    const { machineId, page } = guest;
    await page.close();
    const again = await openConsoleOf(watched, machineId);
    await expect.poll(() => again.picture(RED, 700)).toEqual([1024, 768, 0xffbc80]);
  });

  test('fits the window, has its own size, or grows in whole steps', async ({ watched, home }) => {
    const guest = await exerciser(watched, home.folder);
    const { page, canvas } = guest;
    const choose = async (name: string) => {
      await page.getByRole('button', { name: 'Size of the picture' }).click();
      await page.getByRole('menuitemradio', { name }).click();
    };
    const width = async () => (await canvas.boundingBox())?.width;
    // Within the sign of the focus.
    const room = await page.locator('.stage').evaluate((stage) => stage.clientWidth);
    await expect.poll(width).toBeCloseTo(room, 0);
    await choose('Original size');
    await expect.poll(width).toBe(720);
    await expect(canvas).toBeFocused();
    await guest.order('a');
    await choose('Whole steps');
    await expect.poll(width).toBe(960);
    await choose('Fit the window');
    await expect.poll(width).toBeCloseTo(room, 0);
  });

  test('has the whole screen for itself until the controls are asked for', async ({ watched, home }) => {
    const guest = await exerciser(watched, home.folder);
    const { page, canvas } = guest;
    const header = page.locator('header');
    await page.getByRole('button', { name: 'Full screen' }).click();
    await expect(page.getByText('Ctrl+Alt+G shows the controls')).toBeVisible();
    await expect(canvas).toBeFocused();
    await canvas.hover();
    await expect(header).toHaveCSS('opacity', '0');
    await page.keyboard.press('Control+Alt+g');
    await expect(header).toHaveCSS('opacity', '1');
    await page.getByRole('button', { name: 'Leave full screen' }).click();
    await expect(page.getByRole('button', { name: 'Full screen' })).toBeVisible();
    await expect(canvas).toBeFocused();
  });

  test('is kept as a file that the user chooses, and in the clipboard', async ({ watched, home }) => {
    const guest = await exerciser(watched, home.folder);
    const { page } = guest;
    const file = path.join(home.folder, 'picture.png');
    await watched.evaluate(({ dialog }, file) => {
      dialog.showSaveDialog = async () => ({ canceled: false, filePath: file });
    }, file);
    await page.getByRole('button', { name: 'Screenshot' }).click();
    await page.getByRole('menuitem', { name: 'Save as file…' }).click();
    await expect(page.getByRole('status').filter({ hasText: file })).toBeVisible();
    expect(readFileSync(file).subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
    expect(readFileSync(file).readUInt32BE(16)).toBe(720);
    await page.getByRole('button', { name: 'Screenshot' }).click();
    await page.getByRole('menuitem', { name: 'Copy' }).click();
    const copied = () =>
      page.evaluate(async () => (await navigator.clipboard.read()).flatMap(({ types }) => types));
    await expect.poll(copied).toContain('image/png');
    expect(existsSync(file)).toBe(true);
  });
});

/** Scan codes that the guest got since an order `k`. */
const codesSince = async (guest: GuestWindow) => (await guest.serialText()).split('!').at(-1) ?? '';
const CTRL = ['1d', '9d'] as const;
const ALT = ['38', 'b8'] as const;

test.describe('keys in a console', () => {
  test('are let go when the focus leaves, and come back to the window with the chord that is shown', async ({
    watched,
    home,
  }) => {
    const guest = await exerciser(watched, home.folder);
    const { page } = guest;
    await guest.order('k', '!');
    await expect(page.locator('footer')).toContainText('Ctrl+Alt+G');
    await page.keyboard.down('Shift');
    await page.keyboard.down('a');
    await page.getByRole('tab', { name: 'Screen' }).focus();
    await expect.poll(() => codesSince(guest)).toMatch(/^2a1e(aa9e|9eaa)$/);
    await page.keyboard.up('a');
    await page.keyboard.up('Shift');
    await guest.canvas.click();
    await page.keyboard.press('Control+Alt+g');
    await expect.poll(() => codesSince(guest)).toMatch(/(aa9e|9eaa)1d38(9db8|b89d)$/);
    await expect(page.getByRole('tab', { name: 'Screen' })).toBeFocused();
    await page.keyboard.press('ArrowRight');
    await expect(page.getByRole('tab', { name: 'Serial' })).toHaveAttribute('aria-selected', 'true');
  });

  test('that the computer keeps for itself are sent from the menu', async ({ watched, home }) => {
    const guest = await exerciser(watched, home.folder);
    await guest.order('k', '!');
    await guest.page.getByRole('button', { name: 'Send keys' }).click();
    await guest.page.getByRole('menuitem', { name: 'Ctrl+Alt+Del' }).click();
    await expect.poll(() => codesSince(guest)).toBe([CTRL[0], ALT[0], 'e053e0d3', ALT[1], CTRL[1]].join(''));
    await expect(guest.canvas).toBeFocused();
  });

  test('are typed for a text that is pasted, as far as there are keys; a long text can be cancelled', async ({
    watched,
    home,
  }) => {
    const guest = await exerciser(watched, home.folder);
    const { page } = guest;
    await guest.order('k', '!');
    const paste = async (text: string) => {
      await page.evaluate((text) => navigator.clipboard.writeText(text), text);
      await page.getByRole('button', { name: 'Paste as typing' }).click();
    };
    await paste('aé€A\n');
    await expect(page.getByText('2 characters are not on a US keyboard and were left out.')).toBeVisible();
    expect(await codesSince(guest)).toBe('1e9e2a1e9eaa1c9c');
    await paste('b'.repeat(20_000));
    await page.getByRole('button', { name: 'Cancel' }).click();
    await expect(page.getByText(/^Typing:/)).toBeHidden();
    const typed = await codesSince(guest);
    expect(typed.length).toBeLessThan(4 * 20_000);
    await page.keyboard.press('c');
    await expect.poll(() => codesSince(guest)).toMatch(/(30b0)*2eae$/);
  });
});

test.describe('the mouse in a console', () => {
  test('is captured by a click where the guest uses one, moves there, and is given back', async ({
    watched,
    home,
  }) => {
    const guest = await exerciser(watched, home.folder);
    const { page, canvas } = guest;
    const captured = () => page.evaluate(() => document.pointerLockElement !== null);
    await canvas.click();
    expect(await captured()).toBe(false);
    await guest.order('m', '!');
    await expect(page.locator('footer')).toContainText('after a click the mouse does');
    await canvas.click();
    await expect.poll(captured).toBe(true);
    await expect(page.locator('footer')).toContainText('Keys and mouse go to the machine.');
    const before = (await codesSince(guest)).length;
    await page.mouse.move(300, 300);
    await page.mouse.move(310, 305);
    await page.mouse.down();
    await page.mouse.up();
    await expect.poll(async () => (await codesSince(guest)).slice(before)).toMatch(/09....08....$/);
    await page.keyboard.press('Control+Alt+g');
    await expect.poll(captured).toBe(false);
    await guest.order('.');
    await guest.order('k', '!');
    await expect.poll(async () => (await canvas.click(), captured())).toBe(true);
    // The browser takes Escape to let go of the mouse; the guest gets it all the same.
    const window = (await watched.browserWindow(page)) as JSHandle<BrowserWindow>;
    await window.evaluate(({ webContents }) => {
      webContents.sendInputEvent({ type: 'keyDown', keyCode: 'Escape' });
      webContents.sendInputEvent({ type: 'keyUp', keyCode: 'Escape' });
    });
    await expect.poll(captured).toBe(false);
    await expect.poll(() => codesSince(guest)).toBe('0181');
  });
});

test.describe('the serial port in a console', () => {
  test('floods neither the window nor its memory', async ({ watched, home }) => {
    const guest = await exerciser(watched, home.folder);
    const { page } = guest;
    await page.getByRole('tab', { name: 'Serial' }).click();
    await expect(page.locator('.xterm-rows')).toContainText('>');
    await page.keyboard.type('f');
    await expect
      .poll(async () => (await guest.serialText()).length, { timeout: BOOT_MS })
      .toBeGreaterThan(400_000);
    await page.getByRole('tab', { name: 'Screen' }).click();
    await expect(guest.canvas).toBeVisible();
    await page.getByRole('tab', { name: 'Serial' }).click();
    await page.keyboard.type('.');
    await guest.waitForSerial(/>$/);
    await expect(page.locator('.xterm-rows')).toContainText('>');
  });
});

test.describe('the console of a machine whose source does not answer', () => {
  test.setTimeout(2 * BOOT_MS);

  test('says what a guest waits for', async ({ watched }) => {
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
    await expect(guest.page.getByText('The disk’s source is slow to answer.')).toBeVisible();
    for (const response of held) response.destroy();
    server.closeAllConnections();
    server.close();
  });
});
