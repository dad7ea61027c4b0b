import { z } from 'zod';
import { LargeFeeds } from '../../app/large-feeds.ts';
import type { BenchCase } from '../../bench.ts';
import { rowOf } from '../../measure/row.ts';
import { percentile } from '../../measure/statistics.ts';
import { measureApp } from './desk.ts';

const FRAMES = 600;
/** About eight screens a second. */
const PIXELS_PER_FRAME = 100;

export const appScroll: BenchCase = {
  name: 'app-scroll',
  title: 'Scrolling through a catalog of 5,000 appliances',
  sides: {
    ours: `time between frames, ${FRAMES} of them, ${PIXELS_PER_FRAME} pixels each; drawn by the processor, without a GPU`,
    qemu: null,
  },
  needs: [],
  async run({ children, ...bench }) {
    const duel = await measureApp({ children, ...bench }, (desk) =>
      desk.withNewApp((app) =>
        new LargeFeeds(desk.newHome()).whileServed(children, app, async () => {
          await app.until(`${SCREEN}.scrollHeight > 100_000`);
          const frames = z.array(z.number()).parse(await app.page(SCROLL));
          const sorted = frames.sort((a, b) => a - b);
          return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), most: sorted.at(-1) ?? NaN };
        }),
      ),
    );
    const common = { unit: 'ms', better: 'lower' } as const;
    return [
      rowOf(duel, { ...common, label: 'catalog of 5,000, frame while scrolling: p50', figure: 'p50' }),
      rowOf(duel, { ...common, label: '  p99', figure: 'p99' }),
      rowOf(duel, { ...common, label: '  longest', figure: 'most' }),
    ];
  },
};

const SCREEN = `document.querySelector('.screen')`;

/** Runs in the page; its value is the time that each frame took, in milliseconds. */
const SCROLL = `(async () => {
  const screen = ${SCREEN};
  const frame = () => new Promise(requestAnimationFrame);
  const times = [];
  for (let last = await frame(); times.length < ${FRAMES};) {
    screen.scrollTop += ${PIXELS_PER_FRAME};
    const now = await frame();
    times.push(now - last);
    last = now;
  }
  return times;
})()`;
