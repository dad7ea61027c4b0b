/** What the cases of the app share: a display, homes, and measuring in rounds. */
import fs from 'node:fs';
import path from 'node:path';
import { err, ok, type Result } from '../../../../shared/result.ts';
import { openDisplay } from '../../app/display.ts';
import { electronProgram, RunningApp } from '../../app/running-app.ts';
import type { Bench } from '../../bench.ts';
import { interleave, type Duel, type Figures } from '../../measure/interleave.ts';

/** Where the app is started. */
export interface AppDesk {
  /** Starts the app of a user who has never started it before, and ends it after `use`. */
  withNewApp<T>(use: (app: RunningApp) => Promise<T>): Promise<T>;
  /** The same of a user who may have. */
  withApp<T>(home: string, use: (app: RunningApp) => Promise<T>): Promise<T>;
  newHome(): string;
}

/** Measures ours in rounds, on a display of its own. */
export async function measureApp(
  bench: Bench,
  measure: (desk: AppDesk) => Promise<Figures>,
  rounds = bench.rounds,
): Promise<Duel> {
  const failed = (message: string) => interleave(1, async () => err('not-found', message), null);
  if (electronProgram() === '') return failed('Electron is not there yet: npm start sets it up');
  const display = await openDisplay(bench.children);
  if (!display.ok) return failed(display.failure.message);
  const desk = deskOf(bench, display.value.environment);
  const duel = await interleave(rounds, () => asResult(measure(desk)), null);
  await display.value.close();
  return duel;
}

function deskOf({ children, workshop }: Bench, display: Record<string, string>): AppDesk {
  const desk: AppDesk = {
    newHome() {
      return fs.mkdtempSync(workshop.path('home-'));
    },
    withNewApp: (use) => desk.withApp(desk.newHome(), use),
    async withApp(home, use) {
      const app = await RunningApp.launch(children, environmentOf(home, display));
      try {
        return await use(app);
      } finally {
        await app.close();
      }
    },
  };
  return desk;
}

function environmentOf(home: string, display: Record<string, string>): Record<string, string> {
  return {
    ...(process.env as Record<string, string>),
    ...display,
    HOME: home,
    XDG_CONFIG_HOME: path.join(home, 'config'),
    XDG_DATA_HOME: path.join(home, 'data'),
    LANGUAGE: 'en',
  };
}

async function asResult(figures: Promise<Figures>): Promise<Result<Figures>> {
  try {
    return ok(await figures);
  } catch (error) {
    return err('io', error instanceof Error ? error.message : String(error));
  }
}
