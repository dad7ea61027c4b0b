import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../test/support/simulated-clock.ts';
import { wordsFor } from './language.ts';
import { mayQuit, type Question } from './quit-machines.ts';
import type { NotSaved } from '../machines/service/power.ts';

const words = wordsFor('en', 'en');
const FULL: NotSaved = { name: 'Tiny', failure: { code: 'no-space', message: 'The disk is full' } };

/** Quits, with machines that are saved in so many milliseconds and a user who presses these buttons. */
async function quit(
  answers: readonly string[],
  { machines = 2, takesMs = 1000, failed = [] as NotSaved[] } = {},
) {
  const clock = new SimulatedClock();
  const asked: Question[] = [];
  const left = [...answers];
  let shown = 0;
  let saves = 0;
  const result = clock.run(
    mayQuit({
      clock,
      words: () => words,
      showProgress: () => {
        shown++;
      },
      services: {
        machinesRunning: () => machines,
        saveMachines: () => {
          saves++;
          return new Promise((resolve) => clock.after(takesMs, () => resolve(failed)));
        },
      },
      ask: async (question) => {
        asked.push(question);
        const button = question.buttons.indexOf(left.shift() ?? '');
        if (button < 0) throw new Error(`there is no such button: ${question.buttons.join(', ')}`);
        return button;
      },
    }),
  );
  return { may: await result, asked, shown, saves, left };
}

describe('quitting', () => {
  it('asks nothing while no machine is on', async () => {
    expect(await quit([], { machines: 0 })).toMatchObject({ may: true, asked: [], saves: 0 });
  });

  it('offers to save first, then to power off, then to stay', async () => {
    const { asked } = await quit(['Cancel']);
    expect(asked).toMatchObject([
      { message: '2 machines are running.', buttons: ['Save and Quit', 'Power Off and Quit', 'Cancel'] },
    ]);
  });

  it.each([
    ['Cancel', { may: false, saves: 0, shown: 0 }],
    ['Power Off and Quit', { may: true, saves: 0, shown: 0 }],
    ['Save and Quit', { may: true, saves: 1, shown: 1 }],
  ])('does what is wanted: %s', async (answer, outcome) => {
    expect(await quit([answer])).toMatchObject({ ...outcome, left: [] });
  });

  it('asks again when saving takes long, and saves only once while the user waits on', async () => {
    const waited = await quit(['Save and Quit', 'Keep Waiting', 'Keep Waiting'], { takesMs: 70_000 });
    expect(waited).toMatchObject({ may: true, saves: 1, left: [] });
    const stayed = await quit(['Save and Quit', 'Cancel'], { takesMs: 1e9 });
    expect(stayed).toMatchObject({ may: false, left: [] });
    expect(stayed.asked[1]).toMatchObject({ message: words.savingTakesLong });
    expect(await quit(['Save and Quit', 'Power Off and Quit'], { takesMs: 1e9 })).toMatchObject({
      may: true,
    });
  });

  it('says which machine could not be saved, and why, before it powers it off', async () => {
    const stayed = await quit(['Save and Quit', 'Cancel'], { failed: [FULL] });
    expect(stayed.may).toBe(false);
    expect(stayed.asked[1]).toEqual({
      message: 'Tiny could not be saved.',
      detail: 'Tiny: The disk is full',
      buttons: ['Power Off and Quit', 'Cancel'],
    });
    expect(await quit(['Save and Quit', 'Power Off and Quit'], { failed: [FULL] })).toMatchObject({
      may: true,
    });
  });
});
