import { z } from 'zod';
import { BENCH_ENTRY, electronProgram, electronSwitches } from '../../app/running-app.ts';
import type { Bench, BenchCase } from '../../bench.ts';
import { rowOf } from '../../measure/row.ts';
import { collect } from '../../workshop/children.ts';
import { measureApp } from './desk.ts';

const momentsSchema = z.object({ ready: z.number(), shown: z.number(), usable: z.number() });

export const appStart: BenchCase = {
  name: 'app-start',
  title: 'Starting the app: from the start of its process to a window in which Start can be clicked',
  sides: {
    ours: 'Electron, files in the page cache; with a new home, then with the same one again',
    qemu: null,
  },
  needs: [],
  async run(bench) {
    const duel = await measureApp(bench, async (desk) => {
      const home = desk.newHome({ HEADWATER_BENCH: 'start' });
      const first = await startOnce(bench, home);
      const again = await startOnce(bench, home);
      return { ...first, again: again.usable };
    });
    const common = { unit: 'ms', better: 'lower' } as const;
    return [
      rowOf(duel, { ...common, label: 'app start: Electron is ready', figure: 'ready' }),
      rowOf(duel, { ...common, label: '  the window is shown', figure: 'shown' }),
      rowOf(duel, { ...common, label: '  Start can be clicked', figure: 'usable' }),
      rowOf(duel, { ...common, label: '  the same, not for the first time', figure: 'again' }),
    ];
  },
};

/** Milliseconds from the start of the process. */
async function startOnce({ children }: Bench, env: Record<string, string>) {
  const startedMs = Date.now();
  const child = children.start(electronProgram(), [...electronSwitches(), '--disable-gpu', BENCH_ENTRY], env);
  const said = collect(child.stdout);
  await new Promise((resolve) => child.once('close', resolve));
  const { ready, shown, usable } = momentsSchema.parse(JSON.parse(said()));
  return { ready: ready - startedMs, shown: shown - startedMs, usable: usable - startedMs };
}
