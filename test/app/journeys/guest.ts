import { expect, type ElectronApplication, type Locator, type Page } from '@playwright/test';
import { noticesOf } from './desk.ts';
import { guestText } from '../support/guest-text.ts';

/** Emulated guests take their time beside other work. */
const PATIENCE_MS = 120_000;

/** A guest as seen in its console window. */
export class Guest {
  readonly page: Page;
  readonly #app: ElectronApplication;

  constructor(app: ElectronApplication, page: Page) {
    this.#app = app;
    this.page = page;
  }

  /** Waits for the console window that `act` opens. */
  static async opening(app: ElectronApplication, act: () => Promise<unknown>): Promise<Guest> {
    const [page] = await Promise.all([app.waitForEvent('window'), act()]);
    await page.waitForURL(/console\.html/);
    return new Guest(app, page);
  }

  /** Waits until the screen shows it. @returns what it shows then */
  async shows(wanted: RegExp, timeoutMs = PATIENCE_MS): Promise<string> {
    let text = '';
    await expect
      .poll(async () => (text = await guestText(this.page)), { timeout: timeoutMs, intervals: [100] })
      .toMatch(wanted);
    return text;
  }

  /** Presses the keys of a keyboard, one after the other. */
  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text);
  }

  /** Logs into Tiny Linux. */
  async logIn(): Promise<void> {
    await this.shows(/tiny login:/);
    await this.type('root\n');
    await this.shows(/root@tiny:~#$/);
  }

  get notices(): Locator {
    return noticesOf(this.page);
  }

  button(name: string): Locator {
    return this.page.getByRole('toolbar').getByRole('button', { name, exact: true });
  }

  /** Chooses from a menu of the window. */
  async choose(menu: string, item: string): Promise<void> {
    await this.button(menu).click();
    await this.page.getByRole('menuitem', { name: new RegExp(`^${item}`) }).click();
  }

  /** Has the window type what is in the clipboard. */
  async paste(text: string): Promise<void> {
    await this.#app.evaluate(({ clipboard }, text) => clipboard.writeText(text), text);
    await this.button('Paste as typing').click();
  }

  /** Has the guest's shell run a command. @returns what is on its screen when it has ended well */
  async run(command: string): Promise<string> {
    const mark = Math.random().toString(36).slice(2, 8);
    await this.paste(`clear; ${command}; echo =${mark}=$?\n`);
    return this.shows(new RegExp(`^=${mark}=0$`, 'm'));
  }
}
