import { setTimeout as pause } from 'node:timers/promises';
import type { BenchCase } from '../../bench.ts';
import { rowOf } from '../../measure/row.ts';
import { measureApp } from './desk.ts';

const PATIENCE_MS = 600_000;
const MACHINES = 4;
/** Until the processes of closed windows have gone. */
const SETTLE_MS = 2000;

export const appMemory: BenchCase = {
  name: 'app-memory',
  title: `Memory of the app with 0, 1 and ${MACHINES} machines at their login prompts`,
  sides: {
    ours: 'all processes of the app, shared pages divided; Tiny Linux from a local file, a console window each',
    qemu: null,
  },
  needs: [],
  async run(bench) {
    const duel = await measureApp(bench, (desk) =>
      desk.withNewApp(async (app) => {
        const figures: Record<string, number> = { 0: app.memoryMiB() };
        for (let number = 1; number <= MACHINES; number++) {
          await app.click('Start Tiny Linux');
          await app.moment(`login ${number}`, PATIENCE_MS);
          figures[number] = app.memoryMiB();
        }
        await app.order({ order: 'close-consoles' });
        await pause(SETTLE_MS);
        figures['closed'] = app.memoryMiB();
        return figures;
      }),
    );
    const common = { unit: 'MiB', better: 'lower' } as const;
    return [
      rowOf(duel, { ...common, label: 'app memory: no machine', figure: '0' }),
      rowOf(duel, { ...common, label: '  one machine', figure: '1' }),
      rowOf(duel, { ...common, label: `  ${MACHINES} machines`, figure: String(MACHINES) }),
      rowOf(duel, { ...common, label: `  ${MACHINES} machines, consoles closed`, figure: 'closed' }),
    ];
  },
};
