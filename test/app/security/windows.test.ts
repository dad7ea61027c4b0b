import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, type ElectronApplication, type Page } from '@playwright/test';
import { openConsole, sharingTest as test, test as testAlone } from '../support/app.ts';

type Kind = 'main' | 'console';

/** Tests of one window, of the kind that the describing block chooses. */
const testEach = test.extend<{ kind: Kind; opened: Page }>({
  kind: ['main', { option: true }],
  opened: async ({ kind, app, main }, use) => use(kind === 'main' ? main : await openConsole(app, main)),
});

const STRICT: unknown = expect.objectContaining({
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInSubFrames: false,
  webviewTag: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  experimentalFeatures: false,
});

/** What came out of all options, for every open window. */
const webPreferences = (app: ElectronApplication) =>
  app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().map(({ webContents }) =>
      // Not part of Electron's types, but the only place that tells.
      (
        webContents as unknown as { getLastWebPreferences(): Record<string, unknown> }
      ).getLastWebPreferences(),
    ),
  );

/** Tries to lead a page elsewhere, as a script in it would. */
const goTo = (page: Page, address: string) =>
  page.evaluate((to) => {
    location.href = to;
  }, address);

/** What of the names asked for a page may do. */
const granted = (page: Page, names: readonly string[]) =>
  page.evaluate(async (asked) => {
    const query = async (name: string) =>
      (await navigator.permissions.query({ name: name as PermissionName })).state;
    const states = await Promise.all(asked.map(query));
    return asked.filter((_, index) => states[index] !== 'denied');
  }, names);

/** A server that only counts who came. */
async function listeningPost() {
  let heard = 0;
  const tcp = createServer((_request, response) => response.end());
  tcp.on('connection', () => (heard += 1));
  const udp = createSocket('udp4', () => (heard += 1));
  tcp.listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  const { port } = tcp.address() as AddressInfo;
  udp.bind(port, '127.0.0.1');
  await once(udp, 'listening');
  const close = () => {
    tcp.close();
    tcp.closeAllConnections();
    udp.close();
  };
  return { port, heard: () => heard, close };
}

test.describe('windows', () => {
  testAlone('are sandboxed and isolated in the app as users get it', async ({ product }) => {
    await product.firstWindow();
    expect(await webPreferences(product)).toEqual([STRICT]);
  });

  test('are sandboxed and isolated, whichever kind they are', async ({ app, console }) => {
    await console.title();
    expect(await webPreferences(app)).toEqual([STRICT, STRICT]);
  });

  test('get a strict policy with every page', async ({ main }) => {
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

  test('are served pages and nothing else', async ({ main }) => {
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

  test('can be reloaded', async ({ main }) => {
    await main.evaluate(() => {
      document.title = 'before';
      location.reload();
    });
    await expect(main).toHaveTitle('Headwater');
  });

  test('open no windows; links open in the browser once the user agrees, and none of a console', async ({
    app,
    main,
    console,
    home,
  }) => {
    await app.evaluate(({ dialog, shell }) => {
      const opened: string[] = [];
      Object.assign(globalThis, { opened });
      dialog.showMessageBox = async (...args: unknown[]) => {
        const { message } = args.at(-1) as { message: string };
        return { response: message.includes('www.debian.org') ? 0 : 1, checkboxChecked: false };
      };
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
    await console.evaluate(() => window.open('https://www.debian.org/of-a-guest'));
    await expect.poll(() => home.log).toContain('a page wanted to open https://www.debian.org/of-a-guest');
    const opened = await app.evaluate(() => (globalThis as unknown as { opened: string[] }).opened);
    expect(opened).toEqual(['https://www.debian.org/legal/']);
    expect(app.windows()).toHaveLength(2);
  });

  test('reach no network, by whatever way a page may try, nor does their session', async ({ app, main }) => {
    const post = await listeningPost();
    await main.evaluate(async (port) => {
      const host = `127.0.0.1:${port}`;
      const http = `http://${host}/`;
      const attempts = [
        () => fetch(http, { mode: 'no-cors' }),
        () => fetch('file:///etc/passwd'),
        () => navigator.sendBeacon(http),
        () => new WebSocket(`ws://${host}/`),
        () => new EventSource(http),
        () => (new Image().src = http),
        () => import(http),
        () =>
          document.head.append(
            Object.assign(document.createElement('link'), { rel: 'prefetch', href: http }),
          ),
        () => document.body.append(Object.assign(document.createElement('iframe'), { src: http })),
        () => {
          const form = Object.assign(document.createElement('form'), { action: http });
          document.body.append(form);
          form.submit();
        },
        async () => {
          const urls = [`stun:${host}`, `turn:${host}?transport=tcp`];
          const peer = new RTCPeerConnection({ iceServers: [{ urls, username: 'u', credential: 'c' }] });
          peer.createDataChannel('out');
          const gathered = new Promise<void>((resolve) => {
            peer.onicegatheringstatechange = () => peer.iceGatheringState === 'complete' && resolve();
          });
          await peer.setLocalDescription();
          await gathered;
        },
      ];
      await Promise.allSettled(attempts.map(async (attempt) => attempt()));
    }, post.port);
    const session = await app.evaluate(
      ({ session }, port) =>
        session.defaultSession.fetch(`http://127.0.0.1:${port}/`).then(
          () => 'reached',
          () => 'refused',
        ),
      post.port,
    );
    expect(session).toBe('refused');
    expect(post.heard()).toBe(0);
    post.close();
  });

  test('are denied what they have no need of', async ({ main, console }) => {
    const names = ['camera', 'microphone', 'geolocation', 'notifications', 'midi', 'persistent-storage'];
    expect(await granted(main, [...names, 'clipboard-read'])).toEqual([]);
    // A console pastes into its guest.
    expect(await granted(console, [...names, 'clipboard-read'])).toEqual(['clipboard-read']);
    for (const page of [main, console]) {
      const asked = await page.evaluate(() =>
        navigator.mediaDevices.getUserMedia({ audio: true }).then(
          () => 'granted',
          (error: unknown) => (error as Error).name,
        ),
      );
      expect(asked).not.toBe('granted');
    }
  });
});

for (const kind of ['main', 'console'] as const) {
  testEach.describe(`a page of a ${kind} window`, () => {
    testEach.use({ kind });

    testEach('has nothing but the bridge beyond what any page has', async ({ opened: page }) => {
      const surface = await page.evaluate(() => {
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

    testEach('cannot run code from text', async ({ opened: page }) => {
      const outcome = await page.evaluate(async () => {
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

    testEach('stays where it is', async ({ opened: page, kind, home }) => {
      const before = page.url();
      const other = kind === 'main' ? 'console.html' : 'index.html';
      // Chromium itself refuses the first.
      await goTo(page, 'file:///etc/passwd');
      await goTo(page, `app://headwater/${other}`);
      await goTo(page, 'https://example.org/');
      await expect.poll(() => home.log).toContain('a page wanted to go to https://example.org/');
      expect(home.log).toContain(`a page wanted to go to app://headwater/${other}`);
      expect(page.url()).toBe(before);
    });

    testEach('holds no frames', async ({ opened: page }) => {
      const bridges = await page.evaluate(async () => {
        const frames = ['app://headwater/index.html', 'data:text/html,x', 'about:blank'].map((src) => {
          const frame = document.createElement('iframe');
          const loaded = new Promise<HTMLIFrameElement>((resolve) => {
            frame.onload = () => resolve(frame);
          });
          frame.src = src;
          document.body.append(frame);
          return loaded;
        });
        return (await Promise.all(frames)).map(({ contentWindow }) => {
          try {
            return typeof contentWindow?.headwater;
          } catch {
            return 'out of reach'; // what Chromium shows instead of a page it refused
          }
        });
      });
      expect(bridges).toEqual(['out of reach', 'out of reach', 'undefined']);
    });
  });
}
