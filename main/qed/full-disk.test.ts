import { describe, expect, it } from 'vitest';
import { err, unwrap } from '../../shared/result.ts';
import { MIB } from '../../shared/units.ts';
import { DiskSpace } from '../../test/support/disk-space.ts';
import { DiskStory, type StoryAction } from '../../test/support/disk-story.ts';
import type { MemoryFileOptions } from '../../test/support/memory-file.ts';
import { createdFile, openQed, pattern, readAll } from '../../test/support/qed-disk.ts';
import { SeededRandom } from '../../test/support/seeded-random.ts';
import { SimulatedClock } from '../../test/support/simulated-clock.ts';
import { checkQed } from './check.ts';

const CLUSTER = 4096;
const SOUND = { corruptions: 0, checkErrors: 0, leaks: 0 };
/** Requests that a guest, copy-on-read and a stream make. */
const REQUESTS: readonly StoryAction[] = [
  'read',
  'write',
  'write',
  'write',
  'flush',
  'populate',
  'populate',
  'claim',
  'wait',
];

describe('a QED disk on a file system that runs full', () => {
  it.each(Array.from({ length: 14 }, (_, clusters) => clusters))(
    'has room for the entry of every write that it acknowledged, with room for %i clusters',
    async (clusters) => {
      const space = new DiskSpace(clusters * CLUSTER);
      const options = { imageBytes: 16 * MIB, clusterBytes: CLUSTER, tableClusters: 1 };
      const created = await createdFile(options);
      space.holds(created.content.length);
      const file = created.reopened({ before: space.refuses });
      const device = await openQed(file);
      const acknowledged: number[] = [];
      for (let write = 0; write < 14; write++) {
        // Every second one needs a new table.
        const offset = Math.floor(write / 2) * 2 * MIB + (write % 2) * CLUSTER;
        const written = await device.write(offset, pattern(CLUSTER, write + 1));
        if (written.ok) acknowledged.push(write);
        else expect(written.failure.code).toBe('no-space');
      }
      expect(acknowledged).toHaveLength(Math.floor((clusters * 2) / 3));
      unwrap(await device.flush());
      unwrap(await device.close());
      expect(unwrap(await checkQed(file.reopen(), 'none'))).toMatchObject(SOUND);
      const again = await openQed(file.reopened());
      for (const write of acknowledged) {
        const offset = Math.floor(write / 2) * 2 * MIB + (write % 2) * CLUSTER;
        expect(await readAll(again, offset, CLUSTER)).toEqual(pattern(CLUSTER, write + 1));
      }
    },
  );

  it('gives back what no entry names when it has to be closed without its entries', async () => {
    // As where every change takes new blocks, that of a table, too.
    let full = false;
    const file = (
      await createdFile({ imageBytes: 16 * MIB, clusterBytes: CLUSTER, tableClusters: 1 })
    ).reopened({
      before: ({ kind }) => (full && kind === 'write' ? err('no-space', 'No space left on device') : null),
    });
    const device = await openQed(file);
    unwrap(await device.write(0, pattern(2 * CLUSTER, 1)));
    unwrap(await device.flush());
    const flushed = file.content.length;
    unwrap(await device.write(2 * CLUSTER, pattern(30 * CLUSTER, 2)));
    full = true;
    expect(await device.close()).toMatchObject({ failure: { code: 'no-space' } });
    expect(unwrap(await checkQed(file.reopened(), 'none'))).toMatchObject({ ...SOUND, allocatedClusters: 2 });
    expect(file.content.length).toBe(flushed);
  });

  const stories = Number(process.env['HEADWATER_STORIES'] ?? 150);

  it(`loses and leaks nothing once there is room again and its stream went on (${stories} stories)`, async () => {
    let refused = 0;
    for (let seed = 1; seed <= stories; seed++) {
      const random = new SeededRandom(seed);
      const clock = new SimulatedClock();
      const space = new DiskSpace(random.integer(0, 80) * CLUSTER);
      const tell = async () => {
        const story = await DiskStory.begin(random, clock, slowly(random, clock, space));
        space.holds(story.file.content.length);
        await story.run(60, REQUESTS);
        await story.verify();
        space.add(2 ** 40);
        await story.run(20, REQUESTS);
        await story.stream();
        await story.verify();
        const streamed = (await story.openBacking())?.lengthBytes ?? 0;
        const all = streamed >= story.lengthBytes;
        unwrap(await story.end());
        const report = unwrap(await checkQed(story.file.reopened(), 'none'));
        // What lies past the stream's end: nobody may want the space of a write that failed and was not tried again.
        expect(report, `story ${seed}`).toMatchObject(all ? SOUND : { ...SOUND, leaks: report.leaks });
      };
      await clock.run(tell());
      refused += space.refused;
    }
    expect(refused).toBeGreaterThan(stories);
  });
});

/** Some operations take their time, so that others overtake them. */
function slowly(random: SeededRandom, clock: SimulatedClock, space: DiskSpace): MemoryFileOptions {
  return {
    before: async (operation) => {
      if (random.chance(0.5)) await clock.delay(random.integer(0, 5));
      return space.refuses(operation);
    },
  };
}
