import { existsSync } from 'node:fs';
import { expect, type Page } from '@playwright/test';
import { REQUESTS, type RequestName } from '../../../shared/ipc/contract.ts';
import { sharingTest as test } from '../support/app.ts';
import { OWN_FILE } from '../support/services.ts';
import { PRELOAD } from '../support/build.ts';
import { malformations } from '../support/malformations.ts';
import { VALID_INPUTS } from '../support/valid-inputs.ts';

/** A request as a page would make it. */
const ask = (page: Page, name: string, input: unknown) =>
  page.evaluate(([name, input]) => window.headwater.request(name, input), [name, input] as const);

const askAll = (page: Page, name: string, inputs: readonly unknown[]) =>
  page.evaluate(
    ([name, inputs]) => Promise.all(inputs.map((input) => window.headwater.request(name, input))),
    [name, inputs] as const,
  );

const DENIED = { ok: false, failure: { code: 'permission-denied' } };

test.describe('requests', () => {
  test('are answered', async ({ main }) => {
    expect(await ask(main, 'app.info', null)).toMatchObject({ ok: true, value: { platform: 'linux' } });
  });

  test('of unknown names are refused', async ({ main }) => {
    await expect(ask(main, 'machines.explode', null)).rejects.toThrow(/No handler registered/);
  });

  test('that are malformed reach nobody, whichever it is and whatever is wrong', async ({
    app,
    main,
    home,
  }) => {
    const asked = (name: string) =>
      app.evaluate(
        (_, name) => globalThis.headwaterTest.asked.filter((call) => call.name === name).length,
        name,
      );
    // What the window asks by itself as it opens; the catalog comes last.
    await expect.poll(() => asked('catalog.list')).toBeGreaterThan(0);
    for (const name of Object.keys(REQUESTS) as RequestName[]) {
      const wrong = malformations(REQUESTS[name].input, VALID_INPUTS[name]);
      const before = await asked(name);
      const answers = await askAll(
        main,
        name,
        wrong.map(({ input }) => input),
      );
      const accepted = wrong.filter((_, index) => {
        const answer = answers[index] as { failure?: { code: string } };
        return answer.failure?.code !== 'invalid-argument';
      });
      expect(
        accepted.map(({ what }) => what),
        name,
      ).toEqual([]);
      expect(await asked(name), name).toBe(before);
      expect(home.log).toContain(`refused a malformed request: ${name}`);
    }
  });

  test('bring nothing along that the contract does not name', async ({ app, main }) => {
    await ask(main, 'disks.setLimit', {
      id: 'disk-1',
      limit: 1,
      path: '/etc/passwd',
      __proto__: { admin: true },
    });
    const asked = await app.evaluate(() =>
      globalThis.headwaterTest.asked.filter(({ name }) => name === 'disks.setLimit'),
    );
    expect(asked).toEqual([{ name: 'disks.setLimit', input: { id: 'disk-1', limit: 1 } }]);
  });

  test('from a window that is not ours are refused', async ({ app, main, home }) => {
    const [stranger] = await Promise.all([
      app.waitForEvent('window'),
      app.evaluate(async ({ BrowserWindow }, preload) => {
        const window = new BrowserWindow({ webPreferences: { preload, sandbox: true } });
        await window.loadURL('app://headwater/index.html');
      }, PRELOAD),
    ]);
    await stranger.waitForURL('app://headwater/index.html');
    for (const name of Object.keys(REQUESTS) as RequestName[]) {
      expect(await ask(stranger, name, VALID_INPUTS[name]), name).toMatchObject(DENIED);
    }
    expect(home.log).toContain('refused app.info: it did not come from a page of Headwater');
    expect(await ask(main, 'app.info', null)).toMatchObject({ ok: true });
  });

  test('from a page that is not ours are refused, also in a window of ours', async ({ app, main }) => {
    await main.waitForLoadState();
    await app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.loadURL('data:text/html,<title>foreign</title>'),
    );
    await expect(main).toHaveTitle('foreign');
    expect(await ask(main, 'machines.remove', { id: 'machine-1' })).toMatchObject(DENIED);
  });

  test('for the console of a machine are refused to every other window', async ({ app, main, console }) => {
    for (const name of ['console.attach', 'console.type', 'console.screenshot'] as const) {
      expect(await ask(main, name, VALID_INPUTS[name]), name).toMatchObject(DENIED);
      expect(await ask(console, name, { ...VALID_INPUTS[name], id: 'machine-2' }), name).toMatchObject(
        DENIED,
      );
    }
    expect(await app.evaluate(() => globalThis.headwaterTest.openConsoles)).toBe(0);
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
    const mine = '/root/.profile';
    const strangers = [
      ['disks.export', { id: 'disk-1', path: mine, format: 'raw' }],
      ['masters.add', { source: 'file', name: 'Mine', path: mine, format: 'raw' }],
      ['masters.add', { source: 'nbd', name: 'Mine', url: `nbd+unix:///?socket=${mine}` }],
      ['masters.add', { source: 'nbd', name: 'Mine', url: `nbds://example.org/?tls-certificates=/root` }],
      ['preferences.set', { storageFolder: '/root' }],
    ] as const;
    for (const [name, input] of strangers) expect(await ask(main, name, input), name).toMatchObject(DENIED);

    await app.evaluate(({ dialog }) => {
      dialog.showSaveDialog = async () => ({ canceled: false, filePath: '/tmp/chosen.raw' });
    });
    expect(await ask(main, 'dialog.chooseSavePath', { suggestedName: 'disk.raw' })).toEqual({
      ok: true,
      value: '/tmp/chosen.raw',
    });
    // These services have no disks: the path was accepted.
    const chosen = { id: 'disk-1', path: '/tmp/chosen.raw', format: 'raw' };
    expect(await ask(main, 'disks.export', chosen)).toMatchObject({ failure: { code: 'unsupported' } });
    // Once: whoever wants to write it again has to ask the user again. And never for something else.
    expect(await ask(main, 'disks.export', chosen)).toMatchObject(DENIED);
    await ask(main, 'dialog.chooseSavePath', { suggestedName: 'disk.raw' });
    const master = { source: 'file', name: 'Mine', path: '/tmp/chosen.raw', format: 'raw' };
    expect(await ask(main, 'masters.add', master)).toMatchObject(DENIED);
    expect(await ask(main, 'preferences.set', { storageFolder: '/tmp/chosen.raw' })).toMatchObject(DENIED);
  });

  test('for a picture of a console replace no file that Headwater needs', async ({ app, console }) => {
    const own = await app.evaluate(({ dialog }, file) => {
      dialog.showSaveDialog = async () => ({ canceled: false, filePath: file });
      return file;
    }, OWN_FILE);
    const take = async () => {
      await ask(console, 'dialog.chooseSavePath', { suggestedName: 'picture.png' });
      return ask(console, 'console.screenshot', { id: 'machine-1', path: own });
    };
    expect(await take()).toMatchObject({ failure: { code: 'busy' } });
    expect(existsSync(own)).toBe(false);
  });

  test('cannot lead a dialog to another folder', async ({ app, main }) => {
    await app.evaluate(({ dialog }) => {
      const suggested: unknown[] = [];
      Object.assign(globalThis, { suggested });
      const show = async (_: unknown, { defaultPath }: { defaultPath?: string } = {}) => {
        suggested.push(defaultPath);
        return { canceled: true, filePath: '' };
      };
      dialog.showSaveDialog = show;
    });
    const answer = await ask(main, 'dialog.chooseSavePath', { suggestedName: '../../etc/passwd' });
    expect(answer).toEqual({ ok: true, value: null });
    const [suggested] = await app.evaluate(
      () => (globalThis as unknown as { suggested: string[] }).suggested,
    );
    expect(suggested).toMatch(/\/passwd$/);
    expect(suggested).not.toMatch(/\.\.|etc/);
  });
});
