import { blocksSchema } from '../../app/main-thread-watch.ts';
import { withFarAppliance } from '../../app/far-appliance.ts';
import { LargeFeeds } from '../../app/large-feeds.ts';
import type { RunningApp } from '../../app/running-app.ts';
import type { BenchCase } from '../../bench.ts';
import type { Figures } from '../../measure/interleave.ts';
import { rowOf } from '../../measure/row.ts';
import { measureApp } from './desk.ts';

/** Fast enough to keep everything busy, slow enough to last. */
const FAR = { name: 'Far', line: '100mbit,10ms' };
const PATIENCE_MS = 300_000;
const MOST_MS = 16;

export const appMainThread: BenchCase = {
  name: 'app-main-thread',
  title: 'The main thread’s longest block while machines start, boot and stream, from the first click on',
  sides: {
    ours: `machines of Tiny Linux behind ${FAR.line}, consoles open, a catalog of 5,000; all is published anew and refreshed meanwhile; until all have a login prompt`,
    qemu: null,
  },
  needs: [],
  async run(bench) {
    const { children } = bench;
    const duel = await measureApp(bench, async (desk) => {
      const watched = (count: number) =>
        desk.withNewApp((app) => {
          const feeds = new LargeFeeds(desk.newHome());
          return feeds.whileServed(children, app, () =>
            withFarAppliance(children, app, FAR, () => blocks(app, feeds, count)),
          );
        });
      return { ...(await watched(1)), ...(await watched(4)) };
    });
    const common = { unit: 'ms', better: 'lower' } as const;
    return [1, 4].flatMap((count) => [
      rowOf(duel, {
        ...common,
        label: `${count === 1 ? 'one machine boots' : `${count} machines boot`}: longest block`,
        figure: `${count} work`,
        target: { kind: 'bound', better: 'lower', bound: MOST_MS },
      }),
      rowOf(duel, { ...common, label: '  99th percentile', figure: `${count} work p99` }),
      rowOf(duel, { ...common, label: '  opening a console’s window', figure: `${count} window` }),
      rowOf(duel, { ...common, label: '  asleep in a call', figure: `${count} asleep` }),
      rowOf(duel, { ...common, label: '  latest timer, processors included', figure: `${count} late` }),
    ]);
  },
};

async function blocks(app: RunningApp, feeds: LargeFeeds, count: number): Promise<Figures> {
  await app.order({ order: 'watch' });
  for (let number = 1; number <= count; number++) {
    await app.click(`Start ${FAR.name}`);
    await app.moment(`running ${number}`, PATIENCE_MS);
  }
  feeds.issue();
  await feeds.refresh(app);
  for (let number = 1; number <= count; number++) await app.moment(`login ${number}`, PATIENCE_MS);
  const { workMs, workP99Ms, windowMs, asleepMs, lateMs } = blocksSchema.parse(
    await app.order({ order: 'stop-watch' }),
  );
  return {
    [`${count} work`]: workMs,
    [`${count} work p99`]: workP99Ms,
    [`${count} window`]: windowMs,
    [`${count} asleep`]: asleepMs,
    [`${count} late`]: lateMs,
  };
}
