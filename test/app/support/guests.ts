/** Guests in the product, as a test sees them. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, type ElectronApplication, type JSHandle, type Page } from '@playwright/test';
import type { BrowserWindow } from 'electron';
import type { CatalogPage, NewMaster } from '../../../shared/ipc/catalog.ts';
import type { MachineView } from '../../../shared/ipc/machines.ts';
import type { Result } from '../../../shared/result.ts';
import type {} from './watched-entry.ts';

/** Emulated guests take their time beside other tests. */
export const BOOT_MS = 120_000;

/** The console window of a machine in `watched`, and its guest. */
export class GuestWindow {
  readonly app: ElectronApplication;
  readonly page: Page;

  constructor(app: ElectronApplication, page: Page) {
    this.app = app;
    this.page = page;
  }

  get machineId(): string {
    return new URL(this.page.url()).searchParams.get('machine') ?? '';
  }

  /** The guest's picture. */
  get canvas() {
    return this.page.locator('canvas');
  }

  /** Of what the window shows, in CSS pixels. */
  async resize(width: number, height: number): Promise<void> {
    const window = (await this.app.browserWindow(this.page)) as JSHandle<BrowserWindow>;
    await window.evaluate((window, [width, height]) => window.setContentSize(width, height), [
      width,
      height,
    ] as const);
    await this.page.waitForFunction((width) => innerWidth === width, width);
  }

  screenText(): Promise<string> {
    return this.app.evaluate((_electron, id) => globalThis.headwaterGuests.screenText(id), this.machineId);
  }

  serialText(): Promise<string> {
    return this.app.evaluate((_electron, id) => globalThis.headwaterGuests.serialText(id), this.machineId);
  }

  sendSerial(text: string): Promise<void> {
    return this.app.evaluate((_electron, [id, text]) => globalThis.headwaterGuests.sendSerial(id, text), [
      this.machineId,
      text,
    ] as const);
  }

  async waitForScreen(wanted: RegExp): Promise<void> {
    await expect.poll(() => this.screenText(), { timeout: BOOT_MS }).toMatch(wanted);
  }

  async waitForSerial(wanted: RegExp): Promise<void> {
    await expect.poll(() => this.serialText(), { timeout: BOOT_MS }).toMatch(wanted);
  }

  /** Gives an order to the guest of `console-guest.ts` and waits until it ends as told: `>` when it is done. */
  async order(letter: string, end = '>'): Promise<void> {
    const before = (await this.serialText()).length;
    await this.sendSerial(letter);
    await expect
      .poll(async () => (await this.serialText()).slice(before), { timeout: BOOT_MS })
      .toContain(end);
  }

  /** Width, height, and the colour of one pixel as 0xRRGGBB. */
  picture(x: number, y: number): Promise<readonly [number, number, number]> {
    return this.canvas.evaluate(
      (canvas: HTMLCanvasElement, [x, y]) => {
        const [red = 0, green = 0, blue = 0] = canvas.getContext('2d')?.getImageData(x, y, 1, 1).data ?? [];
        return [canvas.width, canvas.height, (red << 16) | (green << 8) | blue] as const;
      },
      [x, y] as const,
    );
  }
}

/** Starts an appliance from the catalog; its console opens. */
export async function startFromCatalog(app: ElectronApplication, appliance: string): Promise<GuestWindow> {
  const main = await app.firstWindow();
  const start = main.getByRole('button', { name: `Start ${appliance}`, exact: true }).first();
  const [page] = await Promise.all([app.waitForEvent('window'), start.click()]);
  await page.waitForURL(/console\.html/);
  return new GuestWindow(app, page);
}

/** Makes a machine from a disk, starts it and opens its console. @param folder where the disk is put */
export async function startFromDisk(
  app: ElectronApplication,
  folder: string,
  disk: Uint8Array,
): Promise<GuestWindow> {
  const file = path.join(folder, 'guest.raw');
  writeFileSync(file, disk);
  await app.evaluate(({ dialog }, file) => {
    dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [file] });
  }, file);
  const main = await app.firstWindow();
  await main.evaluate(() => window.headwater.request('dialog.chooseFile', null));
  const guest = await startFromMaster(app, { source: 'file', name: 'Guest', path: file, format: 'raw' });
  await guest.waitForSerial(/>$/);
  return guest;
}

/** Makes a machine from a disk on the web, starts it and opens its console. */
export function startFromUrl(app: ElectronApplication, url: string): Promise<GuestWindow> {
  return startFromMaster(app, { source: 'http', name: 'Guest', url });
}

async function startFromMaster(app: ElectronApplication, master: NewMaster): Promise<GuestWindow> {
  const main = await app.firstWindow();
  const id = await main.evaluate(async (master) => {
    const ask = async <T>(name: string, input: unknown) => {
      const answer = (await window.headwater.request(name, input)) as Result<T>;
      if (!answer.ok) throw new Error(answer.failure.message);
      return answer.value;
    };
    await ask('masters.add', master);
    const { appliances } = await ask<CatalogPage>('catalog.list', { listing: null, from: 0 });
    const applianceId = appliances.find(({ name }) => name === master.name)?.id;
    const machine = await ask<MachineView>('machines.create', { applianceId, start: true, memoryMiB: 32 });
    return machine.id;
  }, master);
  return openConsoleOf(app, id);
}

export async function openConsoleOf(app: ElectronApplication, machineId: string): Promise<GuestWindow> {
  const main = await app.firstWindow();
  const [page] = await Promise.all([
    app.waitForEvent('window'),
    main.evaluate((id) => window.headwater.request('machines.openConsole', { id }), machineId),
  ]);
  await page.waitForURL(/console\.html/);
  return new GuestWindow(app, page);
}
