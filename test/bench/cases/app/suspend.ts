import { z } from 'zod';
import type { RunningApp } from '../../app/running-app.ts';
import type { BenchCase } from '../../bench.ts';
import type { Figures } from '../../measure/interleave.ts';
import { rowOf } from '../../measure/row.ts';
import { MIB } from '../../../../shared/units.ts';
import { measureApp } from './desk.ts';

const PATIENCE_MS = 300_000;

const machinesSchema = z
  .array(
    z.object({
      id: z.string(),
      state: z.string(),
      savedState: z.object({ fileBytes: z.number() }).nullable(),
    }),
  )
  .length(1);

export const appSuspend: BenchCase = {
  name: 'app-suspend',
  title: 'Suspending a machine, and starting it from its saved state instead of by a boot',
  sides: {
    ours: 'Tiny Linux at its login prompt, from a local file; until the guest answers on its serial line',
    qemu: null,
  },
  needs: [],
  async run(bench) {
    const duel = await measureApp(bench, (desk) => desk.withNewApp(suspendOnce));
    const ms = { unit: 'ms', better: 'lower' } as const;
    return [
      rowOf(duel, { ...ms, label: 'from the click to a guest that answers: booting', figure: 'boot' }),
      rowOf(duel, { ...ms, label: '  from the saved state', figure: 'restore' }),
      rowOf(duel, { ...ms, label: '  suspending it', figure: 'save' }),
      rowOf(duel, { unit: 'MiB', better: 'lower', label: '  the saved state', figure: 'size' }),
    ];
  },
};

async function suspendOnce(app: RunningApp): Promise<Figures> {
  const clickedMs = await app.click('Start Tiny Linux');
  const bootedMs = await app.moment('login 1', PATIENCE_MS);
  const { id } = await machineOf(app, 'running');

  const askedMs = Date.now();
  await app.request('machines.command', { id, command: 'suspend' });
  const savedMs = Date.now();
  const { savedState } = await machineOf(app, 'suspended');

  const startedMs = Date.now();
  await app.request('machines.command', { id, command: 'start' });
  const answeredMs = Number(await app.order({ order: 'press-enter' }));
  await machineOf(app, 'running');
  return {
    boot: bootedMs - clickedMs,
    save: savedMs - askedMs,
    restore: answeredMs - startedMs,
    size: (savedState?.fileBytes ?? NaN) / MIB,
  };
}

/** The only machine there is, which must be in a state. */
async function machineOf(app: RunningApp, state: string) {
  const listed = machinesSchema.parse(await app.request('machines.list', null));
  const found = listed.find((machine) => machine.state === state);
  if (found === undefined) throw new Error(`the machine is ${listed[0]?.state}, not ${state}`);
  return found;
}
