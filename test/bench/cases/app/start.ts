import type { RunningApp } from '../../app/running-app.ts';
import type { BenchCase } from '../../bench.ts';
import { rowOf } from '../../measure/row.ts';
import { measureApp } from './desk.ts';

const PATIENCE_MS = 60_000;

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
      const home = desk.newHome();
      const first = await desk.withApp(home, startOf);
      const again = await desk.withApp(home, startOf);
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
async function startOf(app: RunningApp) {
  const after = async (moment: string) => (await app.moment(moment, PATIENCE_MS)) - app.startedMs;
  return { ready: await after('ready'), shown: await after('shown'), usable: await after('usable') };
}
