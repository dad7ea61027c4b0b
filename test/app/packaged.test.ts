import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { chromium, expect, type BrowserContext } from '@playwright/test';
import { switches, test } from './support/app.ts';
import { ROOT } from './support/build.ts';

/** Packages this checkout into a folder; of the carried Electron, where there is no other, for trying only. */
async function packaged(output: string): Promise<string> {
  const script = path.join(ROOT, 'scripts/package.mjs');
  await promisify(execFile)(process.execPath, [script, '--dir', `-c.directories.output=${output}`], {
    env: { ...process.env, HEADWATER_PACKAGE_CARRIED: 'for-trying-only' },
  });
  return path.join(output, 'linux-unpacked/headwater-app');
}

/** A packaged app cannot be driven from within, only its windows. */
async function windowsOf(program: ChildProcess): Promise<BrowserContext> {
  const endpoint = await new Promise<string>((resolve, reject) => {
    let said = '';
    program.stderr?.on('data', (text: Buffer) => {
      said += String(text);
      const address = /DevTools listening on (\S+)/.exec(said)?.[1];
      if (address !== undefined) resolve(address);
    });
    program.once('exit', (code) => reject(new Error(`it ended with ${code}:\n${said}`)));
  });
  const browser = await chromium.connectOverCDP(endpoint, { timeout: 120_000 });
  const [context] = browser.contexts();
  if (context === undefined) throw new Error('it has no windows');
  return context;
}

test.describe('a packaged app', () => {
  test.skip(process.platform !== 'linux', 'looks into the folder that Linux gets');
  test.setTimeout(240_000);

  test('has all it needs with it: an appliance starts and its disk comes in', async ({ home }, info) => {
    const output = mkdtempSync(path.join(tmpdir(), 'headwater-package-'));
    const program = spawn(await packaged(output), [...switches, '--remote-debugging-port=0'], {
      env: home.environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    try {
      const windows = await windowsOf(program);
      const main = windows.pages()[0] ?? (await windows.waitForEvent('page'));
      await main.getByRole('button', { name: 'Start Tiny Linux' }).first().click();
      await main.getByRole('link', { name: 'Machines' }).click();
      const machine = main.getByRole('article').filter({ hasText: 'Tiny Linux' });
      await expect(machine).toContainText('Running', { timeout: 30_000 });
      await expect(machine).toContainText('Fully streamed', { timeout: 60_000 });
      await main.screenshot({ path: info.outputPath('packaged.png') });
    } finally {
      const gone = once(program, 'exit');
      program.kill('SIGTERM');
      await gone;
      rmSync(output, { recursive: true, force: true });
    }
    expect(home.log).toBe('');
  });
});
