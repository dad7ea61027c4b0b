import { withFarAppliance } from '../../app/far-appliance.ts';
import type { RunningApp } from '../../app/running-app.ts';
import type { BenchCase } from '../../bench.ts';
import type { Figures } from '../../measure/interleave.ts';
import { rowOf } from '../../measure/row.ts';
import { measureApp } from './desk.ts';

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
    const far = { name: 'Far', line: LINE };
    const duel = await measureApp(bench, async (desk) => ({
      ...(await desk.withNewApp((app) => bootOnce(app, 'Tiny Linux', 'local'))),
      ...(await desk.withNewApp((app) =>
        withFarAppliance(bench.children, app, far, () => bootOnce(app, far.name, 'far')),
      )),
    }));
    const common = { unit: 'ms', better: 'lower' } as const;
    return (['local', 'far'] as const).flatMap((where) => [
      rowOf(duel, {
        ...common,
        label: `click, ${where} master: the console opens`,
        figure: `${where} console`,
      }),
      rowOf(duel, { ...common, label: '  first guest instruction', figure: `${where} running` }),
      rowOf(duel, { ...common, label: '  login prompt', figure: `${where} login` }),
    ]);
  },
};

async function bootOnce(app: RunningApp, appliance: string, where: string): Promise<Figures> {
  const clickedMs = await app.click(`Start ${appliance}`);
  const after = async (moment: string) => (await app.moment(`${moment} 1`, PATIENCE_MS)) - clickedMs;
  return {
    [`${where} console`]: await after('console'),
    [`${where} running`]: await after('running'),
    [`${where} login`]: await after('login'),
  };
}
