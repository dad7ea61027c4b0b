import { describe, expect, it } from 'vitest';
import { DONE, err, ok, type Result } from '../../../shared/result.ts';
import { KIB } from '../../../shared/units.ts';
import { SeededRandom } from '../../../test/support/seeded-random.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { sleep } from '../../../shared/clock.ts';
import { FrameFlags } from '../../block/pack/frame-flags.ts';
import type { PackFrame } from '../../block/pack/layout.ts';
import { WAIT } from '../back-off.ts';
import { UNLIMITED } from '../limits/bucket-chain.ts';
import { TokenBucket } from '../limits/token-bucket.ts';
import { PackDownload, type PackDownloadParts } from './pack-download.ts';

const FRAMES = 40;
const FRAME_BYTES = 64 * KIB;
const POLICY = { ...WAIT, codes: ['source-unreachable'] } as const;

function frames(): PackFrame[] {
  return Array.from({ length: FRAMES }, (_, frame) => ({
    fileOffset: frame * FRAME_BYTES,
    storedBytes: FRAME_BYTES,
    contentBytes: FRAME_BYTES,
    sha256: Buffer.alloc(32),
    ranges: [{ offset: frame * FRAME_BYTES, length: FRAME_BYTES }],
  }));
}

/** A download whose requests take some time each, and what was asked for. */
function download(over: Partial<PackDownloadParts> = {}, clock = new SimulatedClock()) {
  const flags = new FrameFlags();
  const asked: number[] = [];
  const made = new PackDownload({
    clock,
    limit: UNLIMITED,
    frames: frames(),
    flags,
    needed: () => true,
    onSourceLost: POLICY,
    fetch: async (first, count) => {
      for (let frame = first; frame < first + count; frame++) asked.push(frame);
      await sleep(clock, 20 + 10 * count);
      return ok(new Uint8Array(count * FRAME_BYTES));
    },
    store: async (first, count) => {
      for (let frame = first; frame < first + count; frame++) flags.mark(frame, true);
      return DONE;
    },
    ...over,
  });
  return { clock, flags, asked, download: made };
}

const ALL = Array.from({ length: FRAMES }, (_, frame) => frame);

describe('the download of a boot pack', () => {
  it('goes from front to end, each frame once', async () => {
    const { clock, asked, download: made } = download();
    expect(await clock.run(made.run())).toEqual(DONE);
    expect(asked).toEqual(ALL);
  });

  it('leaves out what nobody needs and what is here', async () => {
    const { clock, asked, flags, download: made } = download({ needed: (frame) => frame % 3 === 0 });
    flags.mark(3, true);
    await clock.run(made.run());
    expect(asked).toEqual(ALL.filter((frame) => frame % 3 === 0 && frame !== 3));
    expect(made.isComing(1)).toBe(false);
  });

  it('brings next what a guest waits for, wherever it is, and nothing twice', async () => {
    const random = new SeededRandom(3);
    const { clock, asked, flags, download: made } = download();
    const running = made.run();
    const guest = async () => {
      for (let read = 0; read < 20; read++) {
        const frame = random.integer(0, FRAMES - 1);
        const before = asked.length;
        expect(await made.arrival(frame)).toBe(true);
        expect(flags.isStored(frame)).toBe(true);
        // Of what was not asked for before, the frame is the first.
        const after = asked.slice(before);
        if (after.includes(frame)) expect(after.indexOf(frame)).toBeLessThanOrEqual(1);
        await sleep(clock, random.integer(0, 40));
      }
    };
    await clock.run(Promise.all([running, guest()]));
    expect([...asked].sort((one, other) => one - other)).toEqual(ALL);
  });

  it('takes its turn within the limit, but for what a guest waits for, which is debited', async () => {
    const clock = new SimulatedClock();
    const limit = new TokenBucket(clock, FRAME_BYTES);
    const { asked, download: made } = download({ limit }, clock);
    const running = made.run();
    await clock.advance(3500);
    // One frame a second, the first overdrawn.
    expect(asked.length).toBeLessThanOrEqual(5);
    const before = asked.length;
    const came = made.arrival(FRAMES - 1);
    await clock.advance(200);
    expect(await came).toBe(true);
    expect(asked.slice(before)).toEqual([FRAMES - 1]);
    // Background pays for it.
    expect(limit.take(1)).toBeGreaterThan(0);
    made.stop();
    await clock.run(running);
  });

  it('lets nobody wait while no source answers, tries again, and goes on', async () => {
    let gone = true;
    const clock = new SimulatedClock();
    const { flags, download: made } = download(
      {
        fetch: async (_, count): Promise<Result<Uint8Array>> => {
          await sleep(clock, 5);
          return gone ? err('source-unreachable', 'gone') : ok(new Uint8Array(count * FRAME_BYTES));
        },
      },
      clock,
    );
    const running = made.run();
    expect(await clock.run(made.arrival(0))).toBe(false);
    expect(made.lost).not.toBeNull();
    expect(await made.arrival(1)).toBe(false);
    gone = false;
    made.retryNow();
    expect(await clock.run(running)).toEqual(DONE);
    expect(ALL.every((frame) => flags.isStored(frame))).toBe(true);
  });

  it('ends with what is wrong and with what cannot be stored', async () => {
    const wrong = download({ fetch: async () => err('source-changed', 'another hash') });
    expect(await wrong.clock.run(wrong.download.run())).toMatchObject({
      failure: { code: 'source-changed' },
    });
    const full = download({ store: async () => err('no-space', 'full') });
    const running = full.download.run();
    expect(await full.clock.run(full.download.arrival(2))).toBe(false);
    expect(await full.clock.run(running)).toMatchObject({ failure: { code: 'no-space' } });
    expect(await full.download.arrival(2)).toBe(false);
  });
});
