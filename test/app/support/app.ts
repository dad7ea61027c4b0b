import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { _electron, test as base, type ElectronApplication, type Page } from '@playwright/test';
import { PRODUCT_ENTRY, TEST_ENTRY, WATCHED_ENTRY } from './build.ts';
import { ownDisplay } from './displays.ts';
import { MACHINE } from './services.ts';
import type {} from './watched-entry.ts';

const program = process.env['HEADWATER_TEST_ELECTRON'] ?? '';
/** What Electron must be told to run here, see `scripts/test-app.mjs`. */
export const switches = (process.env['HEADWATER_TEST_SWITCHES'] ?? '').split(' ').filter(Boolean);

/** A user of Headwater with a home of their own. */
export class Home {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'headwater-app-'));
  #forgotten = 0;

  get environment(): Record<string, string> {
    return {
      ...(process.env as Record<string, string>),
      ...ownDisplay(),
      HOME: this.folder,
      XDG_CONFIG_HOME: path.join(this.folder, 'config'),
      XDG_DATA_HOME: path.join(this.folder, 'data'),
      LANGUAGE: 'en',
    };
  }

  /** What the app wrote down about bugs and refusals so far. */
  get log(): string {
    return this.#wholeLog.slice(this.#forgotten);
  }

  /** What is in the log now is of another test. */
  forgetLog(): void {
    this.#forgotten = this.#wholeLog.length;
  }

  get #wholeLog(): string {
    try {
      return readFileSync(path.join(this.folder, 'config/Headwater/logs/headwater.log'), 'utf8');
    } catch {
      return '';
    }
  }

  /** Where a file of the test's own may lie. */
  file(name: string): string {
    return path.join(this.folder, name);
  }

  newFolder(name: string): string {
    const folder = this.file(name);
    mkdirSync(folder);
    return folder;
  }

  /** The images of all disks. */
  get disks(): string[] {
    return this.#filesAmongDisks('.qed');
  }

  /** The saved states of all machines. */
  get savedStates(): string[] {
    return this.#filesAmongDisks('.state');
  }

  #filesAmongDisks(ending: string): string[] {
    const folder = path.join(this.folder, 'data/headwater/disks');
    return readdirSync(folder)
      .filter((name) => name.endsWith(ending))
      .map((name) => path.join(folder, name));
  }

  /** What is in an image, as QEMU reads it. */
  rawContents(image: string, format: string): Buffer {
    const raw = this.file('contents.raw');
    execFileSync('qemu-img', ['convert', '-f', format, '-O', 'raw', image, raw]);
    return readFileSync(raw);
  }

  remove(): void {
    try {
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    } catch {
      // Chromium's helper processes may write on for a moment after the app has gone; nothing hangs on it.
    }
  }

  launch(entry: string, also: Record<string, string> = {}): Promise<ElectronApplication> {
    if (program === '') throw new Error('Run these tests with: npm run test:app');
    // Not by `executablePath`: Playwright would not hold the app back until it is listening, and miss its first window.
    return _electron.launch({
      args: [...switches, '--lang=en', entry],
      env: { ...this.environment, ...also },
    });
  }
}

/** The command line that starts the app a second time. */
export const commandLine = (entry: string): [string, string[]] => [program, [...switches, entry]];

interface Fixtures {
  home: Home;
  /** The app as users get it. */
  product: ElectronApplication;
  /** The product, whose guests can be looked at: `watched-entry.ts`. */
  watched: ElectronApplication;
  /** The app with the services of `services.ts`. */
  app: ElectronApplication;
  /** The main window of `app`. */
  main: Page;
  /** The console window of the machine of `app`. */
  console: Page;
}

export const test = base.extend<Fixtures>({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the names of fixtures from this pattern
  home: async ({}, use) => {
    const home = new Home();
    await use(home);
    home.remove();
  },
  product: ({ home }, use) => launched(home, PRODUCT_ENTRY, use),
  watched: ({ home }, use) => launched(home, WATCHED_ENTRY, use),
  app: ({ home }, use) => launched(home, TEST_ENTRY, use),
  main: async ({ app }, use) => {
    await use(await app.firstWindow());
  },
  console: async ({ app, main }, use) => {
    await use(await openConsole(app, main));
  },
});

interface Started {
  readonly home: Home;
  readonly app: ElectronApplication;
}

/**
 * As {@link test}, for tests that leave the app as they find it but for its windows, dialogs and what was asked of the
 * services: one app serves them all, and each finds a main window that was just opened.
 */
export const sharingTest = test.extend<object, { started: Started }>({
  started: [
    // eslint-disable-next-line no-empty-pattern -- as above
    async ({}, use) => {
      const home = new Home();
      await launched(home, TEST_ENTRY, async (app) => {
        await (await app.firstWindow()).waitForLoadState();
        await use({ home, app });
      });
      home.remove();
    },
    { scope: 'worker' },
  ],
  home: async ({ started }, use) => use(started.home),
  app: async ({ started: { app, home } }, use) => {
    await keepOnlyMain(app);
    home.forgetLog();
    await use(app);
  },
});

/** Closes the other windows, opens the page of the main window anew, and undoes what tests have put in the place of dialogs. */
async function keepOnlyMain(app: ElectronApplication): Promise<void> {
  await app.evaluate(({ BrowserWindow, dialog, shell }) => {
    const kept = globalThis as { unchanged?: { dialog: object; shell: object } };
    kept.unchanged ??= { dialog: { ...dialog }, shell: { ...shell } };
    Object.assign(dialog, kept.unchanged.dialog);
    Object.assign(shell, kept.unchanged.shell);
    const [, ...others] = BrowserWindow.getAllWindows().sort((a, b) => a.id - b.id);
    for (const window of others) window.destroy();
    globalThis.headwaterTest.asked.length = 0;
  });
  // By Playwright, which knows then that no page of before is there any more.
  await (await app.firstWindow()).goto('app://headwater/index.html');
}

/** Opens the console window of {@link MACHINE}. */
export async function openConsole(app: ElectronApplication, main: Page): Promise<Page> {
  const [page] = await Promise.all([
    app.waitForEvent('window'),
    main.evaluate((id) => window.headwater.request('machines.openConsole', { id }), MACHINE.id),
  ]);
  await page.waitForURL(`app://headwater/console.html?machine=${MACHINE.id}`);
  return page;
}

/** An app that does not end by itself for so long is ended. */
const PATIENCE_MS = 5000;

async function launched(
  home: Home,
  entry: string,
  use: (app: ElectronApplication) => Promise<void>,
): Promise<void> {
  const app = await home.launch(entry);
  const child = app.process();
  await use(app);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  // Without the questions that quitting may ask; it may be gone before it answers.
  await Promise.race([gone, app.evaluate(({ app }) => app.exit(0)).catch(() => undefined)]);
  const forced = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  await gone;
  clearTimeout(forced);
}
