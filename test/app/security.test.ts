import { expect, type Page } from '@playwright/test';
import { test } from './support/app.ts';
import { PRELOAD } from './support/build.ts';

/** A request as a page would make it. */
const ask = (page: Page, name: string, input: unknown) =>
  page.evaluate(([name, input]) => window.headwater.request(name, input), [name, input] as const);

test.describe('a window', () => {
  test('is sandboxed and isolated', async ({ product }) => {
    await product.firstWindow();
    const preferences = await product.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().map((window) =>
        // Not part of Electron's types, but the only place that tells what came out of all options.
        (
          window.webContents as unknown as { getLastWebPreferences(): Record<string, unknown> }
        ).getLastWebPreferences(),
      ),
    );
    expect(preferences).toHaveLength(1);
    expect(preferences[0]).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      webSecurity: true,
    });
    expect(preferences[0]).not.toHaveProperty('allowRunningInsecureContent', true);
  });

  test('has nothing but the bridge beyond what any page has', async ({ main }) => {
    const surface = await main.evaluate(() => {
      const globals = window as unknown as Record<string, unknown>;
      return {
        keys: Object.keys(window.headwater).sort(),
        frozen: Object.isFrozen(window.headwater),
        node: ['require', 'process', 'module', 'Buffer', 'global', 'electron', 'ipcRenderer'].filter(
          (name) => name in globals,
        ),
        isolated: window.crossOriginIsolated,
      };
    });
    expect(surface).toEqual({ keys: ['on', 'request'], frozen: true, node: [], isolated: true });
  });

  test('gets a strict policy with every page', async ({ main }) => {
    const headers = await main.evaluate(async () => {
      const pages = await Promise.all(['/index.html', '/console.html'].map((page) => fetch(page)));
      return pages.map((page) => Object.fromEntries(page.headers));
    });
    const common =
      "default-src 'none'; script-src 'self'; img-src 'self' blob: data:; font-src 'self'; connect-src 'self'; " +
      "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
      "require-trusted-types-for 'script'; trusted-types svelte-trusted-html; ";
    expect(headers.map((header) => header['content-security-policy'])).toEqual([
      `${common}style-src 'self'`,
      `${common}style-src 'self' 'unsafe-inline'`,
    ]);
    for (const header of headers) {
      expect(header).toMatchObject({
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
        'x-content-type-options': 'nosniff',
      });
    }
  });

  test('cannot run code from text', async ({ main }) => {
    const outcome = await main.evaluate(async () => {
      // Playwright lifts the policy for the code it runs itself, until that waits for something.
      await new Promise((resolve) => setTimeout(resolve));
      try {
        return String(eval('1')); // what must not work
      } catch (error) {
        return (error as Error).name;
      }
    });
    expect(outcome).toBe('EvalError');
  });

  test('is served pages and nothing else', async ({ main }) => {
    const statuses = await main.evaluate(async () => {
      const paths = [
        '/index.html',
        '/',
        '/../main/app/entry.js',
        '/%2e%2e/main/app/entry.js',
        '/..%2fmain/app/entry.js',
        '/.hidden.html',
        '/nothing.html',
      ];
      return Promise.all(paths.map(async (path) => (await fetch(path)).status));
    });
    expect(statuses).toEqual([200, 404, 404, 404, 404, 404, 404]);
  });

  test('cannot reach the network, or files', async ({ main, home }) => {
    const outcomes = await main.evaluate(() =>
      Promise.all(
        ['http://127.0.0.1:9/', 'https://example.org/', 'file:///etc/passwd'].map((address) =>
          fetch(address, { mode: 'no-cors' }).then(
            () => 'reached',
            () => 'refused',
          ),
        ),
      ),
    );
    expect(outcomes).toEqual(['refused', 'refused', 'refused']);
    expect(home.log).not.toContain('bug');
  });

  test('stays on its page', async ({ main, home }) => {
    const goTo = (address: string) =>
      main.evaluate((to) => {
        location.href = to;
      }, address);
    // Chromium itself refuses the first.
    await goTo('file:///etc/passwd');
    await goTo('app://headwater/console.html');
    await goTo('https://example.org/');
    await expect.poll(() => home.log).toContain('a page wanted to go to https://example.org/');
    expect(home.log).toContain('a page wanted to go to app://headwater/console.html');
    expect(main.url()).toBe('app://headwater/index.html');
  });

  test('can be reloaded', async ({ main }) => {
    await main.evaluate(() => {
      document.title = 'before';
      location.reload();
    });
    await expect(main).toHaveTitle('Headwater');
  });

  test('opens no windows; links to known places open in the browser', async ({ app, main, home }) => {
    await app.evaluate(({ shell }) => {
      const opened: string[] = [];
      Object.assign(globalThis, { opened });
      shell.openExternal = async (url) => void opened.push(url);
    });
    const results = await main.evaluate(() =>
      [
        'https://www.debian.org/legal/',
        'http://www.debian.org/',
        'https://example.org/',
        'https://www.debian.org@example.org/',
        'file:///etc/passwd',
        'app://headwater/index.html',
      ].map((address) => window.open(address)),
    );
    expect(results).toEqual([null, null, null, null, null, null]);
    await expect.poll(() => home.log).toContain('a page wanted to open app://headwater/index.html');
    const opened = await app.evaluate(() => (globalThis as unknown as { opened: string[] }).opened);
    expect(opened).toEqual(['https://www.debian.org/legal/']);
    expect(app.windows()).toHaveLength(1);
  });

  test('is denied what it has no need of', async ({ main }) => {
    const states = await main.evaluate(async () => {
      const names = ['camera', 'microphone', 'geolocation', 'notifications', 'clipboard-read', 'midi'];
      return Promise.all(
        names.map(
          async (name) => (await navigator.permissions.query({ name: name as PermissionName })).state,
        ),
      );
    });
    expect(states).toEqual(['denied', 'denied', 'denied', 'denied', 'denied', 'denied']);
    const asked = await main.evaluate(() =>
      navigator.mediaDevices.getUserMedia({ audio: true }).then(
        () => 'granted',
        (error: unknown) => (error as Error).name,
      ),
    );
    expect(asked).not.toBe('granted');
  });
});

test.describe('requests', () => {
  test('are answered', async ({ main }) => {
    expect(await ask(main, 'app.info', null)).toMatchObject({ ok: true, value: { platform: 'linux' } });
  });

  test('are refused when they are malformed', async ({ main, home }) => {
    for (const input of [undefined, null, {}, { id: 7 }, { id: '../up' }, { id: 'x', command: 'explode' }]) {
      expect(await ask(main, 'machines.command', input)).toMatchObject({
        ok: false,
        failure: { code: 'invalid-argument' },
      });
    }
    expect(home.log).toContain('refused a malformed request: machines.command');
  });

  test('of unknown names are refused', async ({ main }) => {
    await expect(ask(main, 'machines.explode', null)).rejects.toThrow(/No handler registered/);
  });

  test('from a window that is not ours are refused', async ({ app, main }) => {
    const [stranger] = await Promise.all([
      app.waitForEvent('window'),
      app.evaluate(async ({ BrowserWindow }, preload) => {
        const window = new BrowserWindow({ webPreferences: { preload, sandbox: true } });
        await window.loadURL('app://headwater/index.html');
      }, PRELOAD),
    ]);
    await stranger.waitForURL('app://headwater/index.html');
    expect(await ask(stranger, 'app.info', null)).toMatchObject({
      ok: false,
      failure: { code: 'permission-denied' },
    });
    expect(await ask(main, 'app.info', null)).toMatchObject({ ok: true });
  });

  test('that meet a bug tell nothing of it but that it is one', async ({ main, home }) => {
    const answer = await ask(main, 'machines.rename', { id: 'machine-1', name: 'New' });
    expect(answer).toMatchObject({ ok: false, failure: { code: 'internal' } });
    expect(JSON.stringify(answer)).not.toContain('secret');
    expect(home.log).toContain('cannot open /home/somebody/secret.sqlite');
  });

  test('are not answered with what breaks the contract', async ({ main, home }) => {
    expect(await ask(main, 'machines.duplicate', { id: 'machine-1' })).toMatchObject({
      ok: false,
      failure: { code: 'internal' },
    });
    expect(home.log).toContain('bug answer to machines.duplicate');
  });

  test('may name only files that the user chose', async ({ app, main }) => {
    const target = { id: 'disk-1', path: '/root/.profile', format: 'raw' };
    expect(await ask(main, 'disks.export', target)).toMatchObject({ failure: { code: 'permission-denied' } });
    await app.evaluate(({ dialog }) => {
      dialog.showSaveDialog = async () => ({ canceled: false, filePath: '/tmp/chosen.raw' });
    });
    expect(await ask(main, 'dialog.chooseSavePath', { suggestedName: 'disk.raw' })).toEqual({
      ok: true,
      value: '/tmp/chosen.raw',
    });
    // These services have no disks: the path was accepted.
    expect(await ask(main, 'disks.export', { ...target, path: '/tmp/chosen.raw' })).toMatchObject({
      failure: { code: 'unsupported' },
    });
  });
});
