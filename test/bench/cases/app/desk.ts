/** What the cases of the app share: a display, homes, a master far away, and measuring in rounds. */
import fs from 'node:fs';
import { parseLinkSpec } from '../../../../main/appliances/serve/link-spec.ts';
import { startRangeServer } from '../../../../main/appliances/serve/range-server.ts';
import { findBuiltAppliance } from '../../../../main/appliances/built-appliances.ts';
import { packageRoot } from '../../../../main/threads/worker-script.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { err, ok, unwrap, type Result } from '../../../../shared/result.ts';
import path from 'node:path';
import { openDisplay } from '../../app/display.ts';
import { electronProgram, homeEnvironment, RunningApp } from '../../app/running-app.ts';
import type { Bench } from '../../bench.ts';
import { interleave, type Duel, type Figures } from '../../measure/interleave.ts';

export interface AppDesk {
  /** The environment of a user who has never started Headwater. */
  newHome(also?: Record<string, string>): Record<string, string>;
}

/** Measures ours in rounds, on a display of its own. */
export async function measureApp(bench: Bench, measure: (desk: AppDesk) => Promise<Figures>): Promise<Duel> {
  const failed = (message: string) => interleave(1, async () => err('not-found', message), null);
  if (electronProgram() === '') return failed('Electron is not there yet: npm start sets it up');
  const display = await openDisplay(bench.children);
  if (!display.ok) return failed(display.failure.message);
  let homes = 0;
  const desk: AppDesk = {
    newHome(also = {}) {
      const folder = bench.workshop.path(`home-${homes++}`);
      fs.mkdirSync(folder, { recursive: true });
      return { ...homeEnvironment(folder, display.value.environment), ...also };
    },
  };
  const duel = await interleave(bench.rounds, () => asResult(measure(desk)), null);
  await display.value.close();
  return duel;
}

async function asResult(figures: Promise<Figures>): Promise<Result<Figures>> {
  try {
    return ok(await figures);
  } catch (error) {
    return err('io', error instanceof Error ? error.message : String(error));
  }
}

export async function withApp<T>(
  environment: Record<string, string>,
  use: (app: RunningApp) => Promise<T>,
): Promise<T> {
  const app = await RunningApp.launch(environment);
  try {
    return await use(app);
  } finally {
    await app.close();
  }
}

/** Puts Tiny Linux behind a line into the catalog, as `name`, while `use` runs. */
export async function withFarAppliance<T>(
  { page }: RunningApp,
  name: string,
  line: string,
  use: () => Promise<T>,
): Promise<T> {
  const { masterPath } = unwrap(
    findBuiltAppliance(path.join(packageRoot(), '.cache/appliances'), 'tiny-linux'),
  );
  const server = unwrap(
    await startRangeServer({ root: masterPath, clock: systemClock, link: unwrap(parseLinkSpec(line)) }),
  );
  try {
    const master = JSON.stringify({ source: 'http', name, url: server.url });
    await page.evaluate(`window.headwater.request('masters.add', ${master})`);
    await page.locator(`button[aria-label="Start ${name}"]`).waitFor();
    return await use();
  } finally {
    await server.close();
  }
}
