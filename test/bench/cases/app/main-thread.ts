import type { BenchCase } from '../../bench.ts';
import type { Figures } from '../../measure/interleave.ts';
import { rowOf } from '../../measure/row.ts';
import type { RunningApp } from '../../app/running-app.ts';
import { measureApp, withApp, withFarAppliance } from './desk.ts';

/** Fast enough to keep everything busy, slow enough to last. */
const LINE = '100mbit,10ms';
const PATIENCE_MS = 300_000;
const MOST_MS = 16;

export const appMainThread: BenchCase = {
  name: 'app-main-thread',
  title: 'The main thread’s longest block while machines start, boot and stream, from the first click on',
  sides: {
    ours: `machines of Tiny Linux behind ${LINE}, consoles open; until all have a login prompt`,
    qemu: null,
  },
  needs: [],
  async run(bench) {
    const duel = await measureApp(bench, async (desk) => {
      const one = await withApp(desk.newHome(), (app) =>
        withFarAppliance(app, 'Far', LINE, () => blocks(app, 1)),
      );
      const four = await withApp(desk.newHome(), (app) =>
        withFarAppliance(app, 'Far', LINE, () => blocks(app, 4)),
      );
      return { ...one, ...four };
    });
    const common = { unit: 'ms', better: 'lower' } as const;
    return [1, 4].flatMap((count) => [
      rowOf(duel, {
        ...common,
        label: `${count === 1 ? 'one machine boots' : `${count} machines boot`}: longest block of its own`,
        figure: `${count} own`,
        target: { kind: 'absolute', atMost: MOST_MS },
      }),
      rowOf(duel, { ...common, label: '  with waiting for a processor', figure: `${count} longest` }),
      rowOf(duel, { ...common, label: '  99th percentile', figure: `${count} p99` }),
    ]);
  },
};

async function blocks(app: RunningApp, count: number): Promise<Figures> {
  await app.app.evaluate(() => globalThis.headwaterProbe.startWatch());
  for (let number = 1; number <= count; number++) {
    await app.clickStart('Far');
    await app.moment(`running ${number}`, PATIENCE_MS);
  }
  for (let number = 1; number <= count; number++) await app.moment(`login ${number}`, PATIENCE_MS);
  const seen = await app.app.evaluate(() => globalThis.headwaterProbe.stopWatch());
  if (seen === null) throw new Error('nothing was watched');
  return {
    [`${count} own`]: seen.longestOwnMs,
    [`${count} longest`]: seen.longestMs,
    [`${count} p99`]: seen.p99Ms,
  };
}
