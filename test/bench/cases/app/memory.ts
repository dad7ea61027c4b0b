import type { BenchCase } from '../../bench.ts';
import { rowOf } from '../../measure/row.ts';
import { measureApp, withApp } from './desk.ts';

const PATIENCE_MS = 600_000;

export const appMemory: BenchCase = {
  name: 'app-memory',
  title: 'Memory of the app with 0, 1 and 4 machines at their login prompts',
  sides: {
    ours: 'all processes of the app, shared pages divided; guests of 128 MiB, a console window each',
    qemu: null,
  },
  needs: [],
  async run(bench) {
    const duel = await measureApp(bench, (desk) =>
      withApp(desk.newHome(), async (app) => {
        const figures: Record<string, number> = { 0: app.memoryMiB() };
        for (let number = 1; number <= 4; number++) {
          await app.clickStart('Tiny Linux');
          await app.moment(`login ${number}`, PATIENCE_MS);
          figures[number] = app.memoryMiB();
        }
        for (const page of app.app.windows()) if (page !== app.page) await page.close();
        figures['closed'] = app.memoryMiB();
        return figures;
      }),
    );
    const common = { unit: 'MiB', better: 'lower' } as const;
    return [
      rowOf(duel, { ...common, label: 'app memory: no machine', figure: '0' }),
      rowOf(duel, { ...common, label: '  one machine', figure: '1' }),
      rowOf(duel, { ...common, label: '  4 machines', figure: '4' }),
      rowOf(duel, { ...common, label: '  4 machines, consoles closed', figure: 'closed' }),
    ];
  },
};
