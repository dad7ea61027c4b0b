import { describe, expect, it } from 'vitest';
import { err } from '../../shared/result.ts';
import { pass } from '../../test/support/simulated-device.ts';
import { MemoryOverlay } from '../../test/support/memory-overlay.ts';
import { newQed } from '../../test/support/qed-disk.ts';
import { CLUSTER_BYTES, StreamStory, type MakeOverlay } from '../../test/support/stream-story.ts';

const overlayInMemory: MakeOverlay = async (story) => {
  const device = new MemoryOverlay({
    clock: story.clock,
    lengthBytes: story.lengthBytes,
    clusterBytes: CLUSTER_BYTES,
    backing: story.backing,
    latency: () => story.localMs(),
    fault: (operation) => (operation === 'store' ? story.fault(0.05, 'no-space') : null),
  });
  return {
    device,
    isMissing: (offset) => device.isMissing(offset),
    verify: () => {
      expect(Math.max(...device.published), 'a cluster was stored twice').toBeLessThanOrEqual(1);
      expect(device.requestsAfterClose).toBe(0);
    },
  };
};

const qedOverlay: MakeOverlay = async (story) => {
  const { clock, backing, lengthBytes } = story;
  const { device } = await newQed(
    {
      imageBytes: lengthBytes,
      clusterBytes: CLUSTER_BYTES,
      tableClusters: 1,
      backing: { name: 'master.raw', raw: true },
    },
    backing,
    {
      before: async (operation) => {
        await pass(clock, story.localMs());
        if (operation.kind !== 'write' || operation.data.length < CLUSTER_BYTES) return null;
        const failure = story.fault(0.02, 'no-space');
        return failure === null ? null : err(failure.code, failure.message);
      },
    },
    { clock, commitDelayMs: 20 },
  );
  return {
    device,
    isMissing: (offset) => {
      const extent = device.image.table.tryLocate(offset, 1);
      // A table that is not in memory keeps its secret.
      const known = extent?.ok === true ? extent.value.kind : 'unallocated';
      return known === 'unallocated' && offset < (device.backing?.lengthBytes ?? 0);
    },
    verify: () => {},
  };
};

async function tell(
  stories: number,
  makeOverlay: MakeOverlay,
  play: (story: StreamStory) => Promise<void>,
): Promise<void> {
  for (let seed = 1; seed <= stories; seed++) {
    const story = await StreamStory.begin(seed, makeOverlay);
    try {
      await story.clock.run(play(story));
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }
}

describe.each([
  ['overlay in memory', overlayInMemory, 250],
  ['QED overlay', qedOverlay, 150],
])('an %s that streams in while guests use it, in many stories', (_, makeOverlay, stories) => {
  it('keeps every promise through races, faults, pauses and cancels', () =>
    tell(stories, makeOverlay, (story) => story.play()));

  it('asks nothing of anybody once it is closed', () =>
    tell(stories, makeOverlay, (story) => story.playToAbruptEnd()));
});
