import type { BenchCase } from '../bench.ts';
import { interleave } from '../measure/interleave.ts';
import { rowOf } from '../measure/row.ts';
import { runRole } from '../roles/role.ts';

const TIMEOUT_MS = 600_000;
/** Of a core. What the guest does for itself while it idles is not the console's. */
const MAX_IDLE_PERCENT = 3;
const MIN_FRAMES = 20;

export const consoleCost: BenchCase = {
  name: 'console-cost',
  title: 'What showing a machine costs, and how many pictures a second it gives',
  sides: {
    ours: 'Tiny Linux at its login prompt, and a guest that draws; an RFB viewer in another thread that does not decode',
    qemu: 'not measured',
  },
  needs: [],
  run: async ({ children, rounds, quick }) => {
    const durationMs = quick ? 5000 : 20_000;
    const duel = await interleave(
      Math.min(rounds, 3),
      () => runRole(children, 'console', { durationMs }, TIMEOUT_MS),
      null,
    );
    const percent = { unit: '% of a core', better: 'lower' } as const;
    const frames = { unit: 'frames/s', better: 'higher' } as const;
    const atLeast = { kind: 'bound', better: 'higher', bound: MIN_FRAMES } as const;
    return [
      rowOf(duel, { ...percent, label: 'idle Tiny Linux, not shown', figure: 'idle' }),
      rowOf(duel, {
        ...percent,
        label: '  its text console on top of that',
        figure: 'shown',
        target: { kind: 'bound', better: 'lower', bound: MAX_IDLE_PERCENT },
      }),
      rowOf(duel, { ...frames, label: '1024x768, scrolling lines', figure: 'lines', target: atLeast }),
      rowOf(duel, { ...frames, label: '1024x768, noise', figure: 'noise', target: atLeast }),
    ];
  },
};
