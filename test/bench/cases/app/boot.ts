import type { BenchCase } from '../../bench.ts';
import type { Figures } from '../../measure/interleave.ts';
import { rowOf } from '../../measure/row.ts';
import type { RunningApp } from '../../app/running-app.ts';
import { measureApp, withApp, withFarAppliance } from './desk.ts';

const LINE = '20mbit,30ms';
const PATIENCE_MS = 300_000;

export const appBoot: BenchCase = {
  name: 'app-boot',
  title:
    'From the click on Start: to the console, to the first instruction of the guest, to its login prompt',
  sides: {
    ours: `Tiny Linux in v86, its master in a local file, then on a server behind ${LINE}`,
    qemu: null,
  },
  needs: [],
  async run(bench) {
    const duel = await measureApp(bench, async (desk) => {
      const local = await withApp(desk.newHome(), (app) => bootOnce(app, 'Tiny Linux', 'local'));
      const far = await withApp(desk.newHome(), (app) =>
        withFarAppliance(app, 'Far', LINE, () => bootOnce(app, 'Far', 'far')),
      );
      return { ...local, ...far };
    });
    const common = { unit: 'ms', better: 'lower' } as const;
    return (['local', 'far'] as const).flatMap((where) => [
      rowOf(duel, {
        ...common,
        label: `click, ${where} master: console window opens`,
        figure: `${where} console`,
      }),
      rowOf(duel, { ...common, label: '  first guest instruction', figure: `${where} running` }),
      rowOf(duel, { ...common, label: '  login prompt', figure: `${where} login` }),
    ]);
  },
};

async function bootOnce(app: RunningApp, appliance: string, where: string): Promise<Figures> {
  const console = app.app.waitForEvent('window').then(() => Date.now());
  const clickedMs = await app.clickStart(appliance);
  return {
    [`${where} console`]: (await console) - clickedMs,
    [`${where} running`]: (await app.moment('running 1', PATIENCE_MS)) - clickedMs,
    [`${where} login`]: (await app.moment('login 1', PATIENCE_MS)) - clickedMs,
  };
}
