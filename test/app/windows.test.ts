import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, type ElectronApplication, type Page } from '@playwright/test';
import { commandLine, openConsole, test } from './support/app.ts';
import { TEST_ENTRY } from './support/build.ts';

/** The exit code, or the signal that ended it. */
const exits = (app: ElectronApplication) =>
  once(app.process(), 'exit').then(([code, signal]: unknown[]) => code ?? signal);

/** Waits for what may end the app before it can answer. */
const orEnds = (work: Promise<unknown>) => work.catch(() => undefined);

/** Answers the question that quitting asks: 0 saves, 1 powers off, 2 cancels. Counts how often it was asked. */
const answerQuestions = (app: ElectronApplication, response: number) =>
  app.evaluate(({ dialog }, response) => {
    const asked = { times: 0 };
    Object.assign(globalThis, { asked });
    dialog.showMessageBox = async () => {
      asked.times += 1;
      return { response, checkboxChecked: false };
    };
  }, response);

const timesAsked = (app: ElectronApplication) =>
  app.evaluate(() => (globalThis as unknown as { asked: { times: number } }).asked.times);

test.describe('the app', () => {
  test('shows the main window', async ({ product }, info) => {
    const page = await product.firstWindow();
    await expect(page.locator('body')).toContainText('Headwater');
    expect(page.url()).toBe('app://headwater/index.html');
    await page.screenshot({ path: info.outputPath('main.png') });
  });

  test('runs once: a second start brings the window of the first back', async ({ app, home }) => {
    await app.firstWindow();
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide());
    const [program, args] = commandLine(TEST_ENTRY);
    const second = spawn(program, args, { env: home.environment, stdio: 'ignore' });
    const [code] = (await once(second, 'exit')) as [number];
    expect(code).toBe(0);
    const visible = () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible());
    await expect.poll(visible).toBe(true);
    expect(app.windows()).toHaveLength(1);
  });

  test('ends when its last window is closed', async ({ app, main }) => {
    const code = exits(app);
    await main.close();
    expect(await code).toBe(0);
  });

  test('stays when its last window is closed while machines run, until the last one ends', async ({
    app,
    main,
    home,
  }) => {
    await app.evaluate(() => {
      globalThis.headwaterTest.running = 1;
    });
    await main.close();
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(0);

    const [program, args] = commandLine(TEST_ENTRY);
    const [window] = await Promise.all([
      app.waitForEvent('window'),
      once(spawn(program, args, { env: home.environment, stdio: 'ignore' }), 'exit'),
    ]);
    await window.waitForURL('app://headwater/index.html');
    await window.close();

    const code = exits(app);
    await orEnds(
      app.evaluate(() => {
        globalThis.headwaterTest.running = 0;
        globalThis.headwaterTest.publish('machine.removed', { id: 'machine-1' });
      }),
    );
    expect(await code).toBe(0);
  });

  test('asks what to do with machines that run', async ({ app, main }) => {
    await app.evaluate(() => {
      globalThis.headwaterTest.running = 2;
    });
    await answerQuestions(app, 2);
    await app.evaluate(({ app }) => app.quit());
    await expect.poll(() => timesAsked(app)).toBe(1);
    await expect(main.locator('body')).toContainText('Headwater');

    await answerQuestions(app, 0);
    const code = exits(app);
    await orEnds(app.evaluate(({ app }) => app.quit()));
    expect(await code).toBe(0);
  });

  test('does not ask when it is told to end', async ({ app, main }) => {
    await expect(main.locator('body')).toContainText('Headwater');
    await app.evaluate(() => {
      globalThis.headwaterTest.running = 2;
    });
    const code = exits(app);
    app.process().kill('SIGTERM');
    expect(await code).toBe(0);
  });

  test('takes the user from the menu to a screen', async ({ app, main }) => {
    const screen = main.evaluate(
      () => new Promise((resolve) => window.headwater.on('app.navigate', (message) => resolve(message))),
    );
    await main.title(); // The window listens by now: it does in order what it is asked.
    await app.evaluate(({ Menu }) => {
      Menu.getApplicationMenu()?.getMenuItemById('screen-overlays')?.click();
    });
    expect(await screen).toEqual({ sequence: 1, payload: { screen: 'overlays' } });
  });
});

test.describe('news', () => {
  test('reach every window, numbered', async ({ app, main }) => {
    const console = await openConsole(app, main);
    const listen = (page: Page) =>
      page.evaluate(
        () =>
          new Promise((resolve) => {
            const heard: unknown[] = [];
            const end = window.headwater.on('notice', (message) => {
              heard.push(message);
              if (heard.length < 2) return;
              end();
              resolve(heard);
            });
          }),
      );
    const heard = Promise.all([listen(main), listen(console)]);
    // Both listen by now: a window handles what it is asked in order.
    await Promise.all([main.title(), console.title()]);
    const notices = ['a', 'b', 'c'].map((text) => {
      return {
        level: 'info' as const,
        kind: 'imported' as const,
        facts: [],
        failure: null,
        subject: null,
        text,
      };
    });
    await app.evaluate((_, notices) => {
      for (const notice of notices) globalThis.headwaterTest.publish('notice', notice);
    }, notices);
    const expected = notices.slice(0, 2).map((payload, i) => ({ sequence: i + 1, payload }));
    expect(await heard).toEqual([expected, expected]);
  });
});

test.describe('a console window', () => {
  test('opens once per machine', async ({ app, main }, info) => {
    const page = await openConsole(app, main);
    await page.screenshot({ path: info.outputPath('console.png') });
    await main.evaluate(() => window.headwater.request('machines.openConsole', { id: 'machine-1' }));
    expect(app.windows()).toHaveLength(2);
  });

  test('is not opened for a machine that does not exist', async ({ main }) => {
    const answer = await main.evaluate(() =>
      window.headwater.request('machines.openConsole', { id: 'machine-2' }),
    );
    expect(answer).toMatchObject({ ok: false, failure: { code: 'not-found' } });
  });

  test('carries bytes both ways and says when the machine ends it', async ({ app, main }) => {
    const page = await openConsole(app, main);
    const heard = await page.evaluate(async () => {
      const arrived = new Promise<MessagePort>((resolve) =>
        window.addEventListener('message', ({ ports }) => {
          const [port] = ports as MessagePort[];
          if (port) resolve(port);
        }),
      );
      const attached = await window.headwater.request('console.attach', { id: 'machine-1', part: 'screen' });
      const port = await arrived;
      const messages: unknown[] = [attached];
      const next = () =>
        new Promise((resolve) => {
          port.onmessage = ({ data }: MessageEvent<unknown>) =>
            resolve(data instanceof Uint8Array ? [...data] : data);
        });
      for (const bytes of [[1, 2, 3], new Array<number>(4).fill(255), [0]]) {
        const answer = next();
        port.postMessage(new Uint8Array(bytes));
        messages.push(await answer);
      }
      return messages;
    });
    expect(heard).toEqual([{ ok: true, value: null }, [1, 2, 3], [255, 255, 255, 255], { closed: null }]);
  });

  test('disconnects when it is closed', async ({ app, main }) => {
    const page = await openConsole(app, main);
    await page.evaluate(() =>
      window.headwater.request('console.attach', { id: 'machine-1', part: 'screen' }),
    );
    const connections = () => app.evaluate(() => globalThis.headwaterTest.openConsoles);
    expect(await connections()).toBe(1);
    await page.close();
    await expect.poll(connections).toBe(0);
  });

  test('gets no console but that of its machine', async ({ main }) => {
    const answer = await main.evaluate(() =>
      window.headwater.request('console.attach', { id: 'machine-1', part: 'screen' }),
    );
    expect(answer).toMatchObject({ ok: false, failure: { code: 'permission-denied' } });
  });

  test('is closed when its machine is removed', async ({ app, main }) => {
    const page = await openConsole(app, main);
    const closed = page.waitForEvent('close');
    await app.evaluate(() => globalThis.headwaterTest.publish('machine.removed', { id: 'machine-1' }));
    await closed;
    expect(app.windows()).toHaveLength(1);
  });
});
