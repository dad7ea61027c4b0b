import { describe, expect, it } from 'vitest';
import { DONE, ok, unwrap } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import { SeededRandom } from '../../../test/support/seeded-random.ts';
import { SharedLine } from '../../../test/support/shared-line.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { FrameFlags } from '../../block/pack/frame-flags.ts';
import { FRAME_BYTES, type PackFrame } from '../../block/pack/layout.ts';
import { TokenBucket } from '../limits/token-bucket.ts';
import { WAIT } from '../waiting/back-off.ts';
import { PackDownload } from './pack-download.ts';

const BYTES_PER_MS = 20e6 / 8 / 1000;
const ROUND_TRIP_MS = 30;
const PACK_BYTES = 10 * MIB;

/** A pack of some 10 MiB, whose frames have lengths between these. */
function framesOf(random: SeededRandom, shortest: number, longest: number): PackFrame[] {
  const frames: PackFrame[] = [];
  for (let fileOffset = 0; fileOffset < PACK_BYTES;) {
    const storedBytes = random.integer(shortest, longest);
    frames.push({ fileOffset, storedBytes, contentBytes: FRAME_BYTES, sha256: Buffer.alloc(32), ranges: [] });
    fileOffset += storedBytes;
  }
  return frames;
}

interface Demand {
  readonly frame: number;
  /** What the guest does with it before it goes on. */
  readonly busyMs: number;
}

interface Told {
  /** Until the pack was here, in multiples of what its bytes need of the line. */
  readonly timesTheLine: number;
  /** The longest that the guest waited for one frame. */
  readonly longestWaitMs: number;
  /** How often each frame was asked for. */
  readonly asked: readonly number[];
}

/** Downloads a pack over 20 Mbit/s and 30 ms for a guest that reads one frame after the other. */
async function download(frames: readonly PackFrame[], guest: Iterable<Demand>): Promise<Told> {
  const clock = new SimulatedClock();
  const line = new SharedLine(clock, ROUND_TRIP_MS, BYTES_PER_MS * 1000);
  const flags = new FrameFlags();
  const asked = frames.map(() => 0);
  const bytesOf = (first: number, count: number) =>
    frames.slice(first, first + count).reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  const pack = new PackDownload({
    clock,
    limit: new TokenBucket(clock, 0),
    frames,
    flags,
    needed: () => true,
    onSourceLost: WAIT,
    fetch: async (first, count) => {
      for (let frame = first; frame < first + count; frame++) asked[frame] = (asked[frame] ?? 0) + 1;
      const bytes = bytesOf(first, count);
      await line.fetch(bytes);
      return ok(new Uint8Array(bytes));
    },
    store: (first, count) => {
      for (let frame = first; frame < first + count; frame++) flags.mark(frame, true);
      return Promise.resolve(DONE);
    },
  });
  const startMs = clock.now();
  let longestWaitMs = 0;
  const read = async () => {
    for (const { frame, busyMs } of guest) {
      const sinceMs = clock.now();
      expect(await pack.arrival(frame)).toBe(true);
      longestWaitMs = Math.max(longestWaitMs, clock.now() - sinceMs);
      await clock.delay(busyMs);
    }
  };
  const downloaded = pack.run().then((done) => {
    unwrap(done);
    return clock.now() - startMs;
  });
  const [tookMs] = await clock.run(Promise.all([downloaded, read()]));
  return {
    timesTheLine: (tookMs * BYTES_PER_MS) / bytesOf(0, frames.length),
    longestWaitMs,
    asked,
  };
}

/** Reads each frame once, with pauses. */
const reading = (random: SeededRandom, order: readonly number[], mostBusyMs: number): Demand[] =>
  order.map((frame) => ({ frame, busyMs: random.integer(0, mostBusyMs) }));

function shuffled(random: SeededRandom, numbers: readonly number[]): number[] {
  const left = [...numbers];
  return numbers.map(() => left.splice(random.integer(0, left.length - 1), 1)[0] ?? 0);
}

describe('the download of a boot pack over 20 Mbit/s and 30 ms', () => {
  it.each([
    ['that are hardly compressed', 200 * KIB, 250 * KIB],
    ['that are well compressed', 20 * KIB, 90 * KIB],
    ['of all kinds', 20 * KIB, 250 * KIB],
  ])(
    'with frames %s takes 6 percent more than its bytes need of the line at most, whatever its guest asks for first',
    async (_frames, shortest, longest) => {
      for (let seed = 1; seed <= 5; seed++) {
        const random = new SeededRandom(seed);
        const frames = framesOf(random, shortest, longest);
        const inOrder = [...frames.keys()];
        const guests = {
          'that waits for nothing': [],
          'quick and in order': reading(random, inOrder, 0),
          'quick and backwards': reading(random, inOrder.toReversed(), 0),
          'quick and in no order': reading(random, shuffled(random, inOrder), 0),
          'busy and in order': reading(random, inOrder, 150),
          'busy and in no order': reading(random, shuffled(random, inOrder), 150),
        };
        for (const [name, guest] of Object.entries(guests)) {
          const { timesTheLine, longestWaitMs, asked } = await download(frames, guest);
          expect(timesTheLine, `a guest ${name}, seed ${seed}`).toBeLessThan(1.06);
          expect(asked.every((times) => times === 1)).toBe(true);
          // What is asked for first comes beside what is on its way, not behind the pack.
          expect(longestWaitMs, `a guest ${name}, seed ${seed}`).toBeLessThan(1000);
        }
      }
    },
  );
});
