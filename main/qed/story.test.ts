import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { ALL_ACTIONS, DiskStory } from '../../test/support/disk-story.ts';
import { Saboteur, type MemoryFileOptions } from '../../test/support/memory-file.ts';
import { SeededRandom } from '../../test/support/seeded-random.ts';
import { SimulatedClock } from '../../test/support/simulated-clock.ts';
import { checkQed } from './check.ts';

/** Some operations take their time, so that others overtake them. */
function delays(random: SeededRandom, clock: SimulatedClock): MemoryFileOptions {
  const wait = async () => {
    await clock.delay(random.integer(0, 5));
    return null;
  };
  return { before: () => (random.chance(0.5) ? wait() : null) };
}

describe('a QED disk under a random story', () => {
  const seeds = Number(process.env['HEADWATER_STORIES'] ?? 150);

  it(`reads what was written, whatever happens meanwhile (${seeds} stories)`, async () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const random = new SeededRandom(seed);
      const clock = new SimulatedClock();
      try {
        const tell = async () => {
          const story = await DiskStory.begin(random, clock, delays(random, clock));
          await story.run(150);
          await story.verify();
          unwrap(await story.end());
          expect(story.failures).toBe(0);
          return story.file;
        };
        const file = await clock.run(tell());
        const report = unwrap(await checkQed(file.reopened(), 'none'));
        expect(report).toMatchObject({ corruptions: 0, checkErrors: 0, leaks: 0 });
      } catch (cause) {
        throw new Error(`story ${seed}`, { cause });
      }
    }
  });

  it('reports every failure and stays right, whichever operation fails (each one in turn, 8 stories)', async () => {
    let failed = 0;
    for (let seed = 1; seed <= 8; seed++) {
      for (let failAt = 1; ; failAt++) {
        try {
          const saboteur = new Saboteur(failAt);
          await tellWithFailure(seed, saboteur);
          if (!saboteur.struck) break;
          failed++;
        } catch (cause) {
          throw new Error(`story ${seed}, failure of operation ${failAt}`, { cause });
        }
      }
    }
    expect(failed).toBeGreaterThan(500);
  });
});

const WITHOUT_REOPENING = ALL_ACTIONS.filter((action) => action !== 'reopen');

async function tellWithFailure(seed: number, saboteur: Saboteur): Promise<void> {
  const random = new SeededRandom(seed);
  const clock = new SimulatedClock();
  const { before } = saboteur;
  const beforeBaseRead = () => before({ kind: 'read', position: 0, length: 0 });
  const tell = async () => {
    const story = await DiskStory.begin(random, clock, { before }, beforeBaseRead);
    await story.run(40, WITHOUT_REOPENING);
    await story.verify();
    const survivors = story.survivors();
    const ended = await story.end();
    if (saboteur.struck) expect(story.failures).toBeGreaterThan(0);
    else expect(story.failures).toBe(0);
    const report = unwrap(await checkQed(story.file.reopened(), 'none'));
    expect(report).toMatchObject({ corruptions: 0, checkErrors: 0 });
    await story.openAgain();
    // After a failed close what was not flushed may be gone, but nothing else.
    if (ended.ok) await story.verify();
    else expect(await story.examine(survivors)).toBeNull();
  };
  await clock.run(tell());
}
