import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test, type ElectronApplication, type Locator, type Page } from '@playwright/test';
import { Home } from '../support/app.ts';
import { PRODUCT_ENTRY, ROOT } from '../support/build.ts';

const PICTURES = path.join(ROOT, 'artifacts/journeys');

/** Somebody at a computer with Headwater: opens it, works with it step by step, and may lose the power. */
export class Desk {
  readonly home = new Home();
  readonly #journey: string;
  #pictures = 0;
  #app: ElectronApplication | undefined;
  #main: Page | undefined;

  /** @param journey what pictures of the steps are named after */
  constructor(journey: string) {
    this.#journey = journey;
    mkdirSync(PICTURES, { recursive: true });
  }

  get app(): ElectronApplication {
    if (!this.#app) throw new Error('Headwater is not open');
    return this.#app;
  }

  /** The main window. */
  get main(): Page {
    if (!this.#main) throw new Error('Headwater is not open');
    return this.#main;
  }

  get notices(): Locator {
    return noticesOf(this.main);
  }

  async open(): Promise<void> {
    this.#app = await this.home.launch(PRODUCT_ENTRY);
    this.#main = await this.#app.firstWindow();
    await this.#main.getByRole('heading', { level: 1 }).waitFor();
  }

  /**
   * One step, photographed where it ends: the main window, or the one that `work` returns. Where it fails the main window
   * is photographed, and what the app wrote down is told.
   */
  step(name: string, work: () => Promise<Page | void>): Promise<void> {
    return test.step(name, async () => {
      this.#pictures += 1;
      const picture = `${this.#journey}-${String(this.#pictures).padStart(2, '0')}-${fileName(name)}`;
      const photograph = (page: Page, suffix = '') =>
        page.screenshot({ path: path.join(PICTURES, `${picture}${suffix}.png`) });
      try {
        await photograph((await work()) ?? this.main);
      } catch (error) {
        await photograph(this.main, '-failed').catch(() => undefined);
        test.info().annotations.push({ type: 'log of the app', description: this.home.log });
        throw error;
      }
    });
  }

  async goTo(screen: 'Catalog' | 'Machines' | 'Overlays' | 'Preferences'): Promise<void> {
    const navigation = this.main.getByRole('navigation', { name: 'Main navigation' });
    await navigation.getByRole('link', { name: screen }).click();
    await this.main.getByRole('heading', { level: 1, name: screen }).waitFor();
  }

  /** The power fails: nothing of Headwater gets to do anything more. */
  async losePower(): Promise<void> {
    const program = this.app.process();
    const gone = once(program, 'exit');
    for (const pid of [program.pid, ...descendants(program.pid)]) kill(pid);
    await gone;
    this.#app = this.#main = undefined;
  }

  /** Leaves the app by its menu. @param button of the question whether to save what runs, if that is asked */
  async quit(button?: string): Promise<void> {
    const gone = once(this.app.process(), 'exit');
    await this.askToQuit(button);
    await gone;
    this.#app = this.#main = undefined;
  }

  /** Chooses to leave from the menu, and presses a button of the question. */
  async askToQuit(button = ''): Promise<void> {
    await this.app.evaluate(({ app, dialog }, button) => {
      dialog.showMessageBox = async (...args: unknown[]) => {
        const { buttons } = args.at(-1) as { buttons: string[] };
        Object.assign(globalThis, { asked: buttons });
        return { response: buttons.indexOf(button), checkboxChecked: false };
      };
      // After this was answered.
      setTimeout(() => app.quit(), 0);
    }, button);
  }

  /** The buttons of the last question that {@link askToQuit} was asked. */
  get asked(): Promise<string[]> {
    return this.app.evaluate(() => (globalThis as { asked?: string[] }).asked ?? []);
  }

  /** Ends the app and clears the desk. */
  async leave(): Promise<void> {
    if (this.#app) await this.losePower();
    this.home.remove();
  }
}

export function noticesOf(page: Page): Locator {
  return page.getByRole('status', { name: 'Notices' });
}

/** Where this process's programs, and theirs, are running. */
function descendants(pid: number | undefined): number[] {
  if (pid === undefined) return [];
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number);
    return [...children, ...children.flatMap(descendants)];
  } catch {
    return []; // it has gone meanwhile
  }
}

function kill(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  } catch {
    // It has gone meanwhile.
  }
}

function fileName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
    .replace(/^-|-$/g, '');
}
