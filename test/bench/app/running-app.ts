import fs from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import { _electron, type ElectronApplication, type Page } from '@playwright/test';
import { workerScript } from '../../../main/threads/worker-script.ts';
import { memoryOf } from '../workshop/process-figures.ts';
import type { Moments } from './probe.ts';

export const BENCH_ENTRY = workerScript('test/bench/app/entry');

/** Which Electron, and what it must be told; set by `scripts/bench.mjs`. */
export const electronProgram = () => process.env['HEADWATER_BENCH_ELECTRON'] ?? '';
export const electronSwitches = () =>
  (process.env['HEADWATER_BENCH_SWITCHES'] ?? '').split(' ').filter(Boolean);

/** The environment of a user whose home is `folder`. */
export function homeEnvironment(folder: string, display: Record<string, string>): Record<string, string> {
  return {
    ...(process.env as Record<string, string>),
    ...display,
    HOME: folder,
    XDG_CONFIG_HOME: path.join(folder, 'config'),
    XDG_DATA_HOME: path.join(folder, 'data'),
    LANGUAGE: 'en',
  };
}

/** The app of the bench, driven from outside. */
export class RunningApp {
  readonly app: ElectronApplication;
  readonly page: Page;

  private constructor(app: ElectronApplication, page: Page) {
    this.app = app;
    this.page = page;
  }

  static async launch(environment: Record<string, string>): Promise<RunningApp> {
    const app = await _electron.launch({
      args: [...electronSwitches(), '--disable-gpu', '--lang=en', BENCH_ENTRY],
      env: environment,
    });
    const page = await app.firstWindow();
    await page.locator('article').first().waitFor();
    return new RunningApp(app, page);
  }

  /** Clicks on Start of an appliance. @returns when, in milliseconds since 1970 */
  clickStart(appliance: string): Promise<number> {
    const label = JSON.stringify(`button[aria-label="Start ${appliance}"]`);
    return this.page.evaluate(`(document.querySelector(${label}).click(), Date.now())`);
  }

  /** Waits for what the probe notes. @returns when it was */
  async moment(name: string, timeoutMs: number): Promise<number> {
    const untilMs = Date.now() + timeoutMs;
    for (;;) {
      const moments: Moments = await this.app.evaluate(() => globalThis.headwaterProbe.moments);
      const moment = moments[name];
      if (moment !== undefined) return moment;
      if (Date.now() > untilMs) throw new Error(`'${name}' did not come within ${timeoutMs / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** Of all its processes, shared pages divided among those who share them. */
  memoryMiB(): number {
    return processTree(this.app.process().pid).reduce((sum, pid) => sum + memoryOf(pid).proportionalMiB, 0);
  }

  async close(): Promise<void> {
    const child = this.app.process();
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}

function processTree(pid: number | undefined): number[] {
  if (pid === undefined) return [];
  const file = `/proc/${pid}/task/${pid}/children`;
  const children = fs.existsSync(file)
    ? fs.readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number)
    : [];
  return [pid, ...children.flatMap(processTree)];
}
