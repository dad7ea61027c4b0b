import { describe, expect, it } from 'vitest';
import { ok, unwrap, type Result } from '../../shared/result.ts';
import { checkQed } from '../../main/qed/check.ts';
import { createQed, type CreateOptions } from '../../main/qed/create.ts';
import { QedDevice } from '../../main/qed/device.ts';
import { readHeader } from '../../main/qed/header.ts';
import { readBackingName } from '../../main/qed/header-record.ts';
import { QedImage } from '../../main/qed/image.ts';
import { DiskSpace } from '../support/disk-space.ts';
import { DiskStory } from '../support/disk-story.ts';
import { MemoryFile, type MemoryFileOptions } from '../support/memory-file.ts';
import { createdFile, openQed, pattern } from '../support/qed-disk.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';

/** Simulated losses of power; a nightly run sets a million. */
const CUTS = Number(process.env['HEADWATER_POWER_CUTS'] ?? 12_000);
const CUTS_PER_STORY = 40;

describe('a QED disk that loses power', () => {
  it(`keeps every flushed write and stays consistent (${CUTS} cuts at random moments)`, async () => {
    let cuts = 0;
    for (let seed = 1; cuts < CUTS; seed++) {
      const story = new CutStory(seed);
      await story.tell();
      cuts += story.cuts;
    }
    expect(cuts).toBeGreaterThanOrEqual(CUTS);
  });

  it('is no QED image or a good one, whenever the power fails while it is created', async () => {
    const old = await createdFile({
      imageBytes: 2 ** 20,
      backing: { name: 'old-backing'.repeat(20), raw: true },
    });
    const starts = [new MemoryFile(), MemoryFile.of(pattern(300_000, 7)), old];
    const options: CreateOptions[] = [
      { imageBytes: 2 ** 20 },
      { imageBytes: 2 ** 30, clusterBytes: 4096, backing: { name: 'b'.repeat(4095), raw: false } },
    ];
    for (const start of starts) {
      for (const wanted of options) {
        const found = new Set<string>();
        for (let seed = 1; seed <= 150; seed++) found.add(await createAndCut(start, wanted, seed));
        const before = start === old ? ['old'] : [];
        expect([...found].sort()).toEqual(['new', 'nothing', ...before].sort());
      }
    }
  });
});

/** One random story, cut short again and again: each time from the same moment on as if the power had failed. */
class CutStory {
  cuts = 0;
  readonly #seed: number;
  readonly #clock = new SimulatedClock();
  readonly #chance: SeededRandom;
  #story: DiskStory | null = null;
  #problem: Error | null = null;

  constructor(seed: number) {
    this.#seed = seed;
    this.#chance = new SeededRandom(seed + 1_000_000);
  }

  async tell(): Promise<void> {
    const random = new SeededRandom(this.#seed);
    const wait = () => this.#clock.delay(this.#chance.integer(0, 3));
    // Every other disk runs full on the way.
    const space = new DiskSpace(this.#seed % 2 === 0 ? 2 ** 40 : this.#chance.integer(0, 200) * 4096);
    const options: MemoryFileOptions = {
      before: async (operation) => {
        if (this.#chance.chance(0.3)) await wait();
        await this.#maybeCut();
        return space.refuses(operation);
      },
      after: async () => {
        await this.#maybeCut();
        if (this.#chance.chance(0.2)) await wait();
      },
    };
    const told = async () => {
      this.#story = await DiskStory.begin(random, this.#clock, options);
      space.holds(this.#story.file.content.length);
      await this.#story.run(120);
      await this.#story.verify();
      unwrap(await this.#story.end());
    };
    await this.#clock.run(told());
    if (this.#problem !== null) throw this.#problem;
  }

  async #maybeCut(): Promise<void> {
    const story = this.#story;
    if (story === null || this.cuts >= CUTS_PER_STORY || !this.#chance.chance(0.12)) return;
    this.cuts++;
    const where = `story ${this.#seed}, cut ${this.cuts}`;
    const left = story.file.afterPowerCut(this.#chance);
    const survivors = story.survivors();
    try {
      const file = new MemoryFile(left);
      const report = unwrap(await checkQed(file, 'none'));
      expect(report, where).toMatchObject({ corruptions: 0, checkErrors: 0 });
      const image = unwrap(await QedImage.open(file, { clock: new SimulatedClock() }));
      expect(survivors.names, where).toContain(image.backing?.name ?? null);
      const disk = new QedDevice(image, image.backing === null ? null : await story.openBacking());
      expect(await survivors.check(disk), where).toBeNull();
      unwrap(await disk.close());
      expect(unwrap(await checkQed(file.reopen(), 'none')), where).toMatchObject({ corruptions: 0 });
    } catch (problem) {
      this.#problem ??= new Error(where, { cause: problem });
    }
  }
}

/** What is in the file when the power failed at some moment of its creation. */
async function createAndCut(start: MemoryFile, wanted: CreateOptions, seed: number): Promise<string> {
  const random = new SeededRandom(seed);
  const cutAt = random.integer(1, 14);
  let moments = 0;
  const cuts: MemoryFile[] = [];
  const maybeCut = () => {
    if (++moments === cutAt) cuts.push(new MemoryFile(file.afterPowerCut(random)));
    return null;
  };
  const file = start.reopened({ before: maybeCut, after: () => void maybeCut() });
  unwrap(await createQed(file, wanted));
  const kept = cuts[0] ?? new MemoryFile(file.afterPowerCut(random));
  const name = await nameInside(kept);
  if (!name.ok) return 'nothing';
  const disk = await openQed(kept);
  unwrap(await disk.write(5000, pattern(5000, 3)));
  unwrap(await disk.close());
  expect(unwrap(await checkQed(kept.reopen(), 'none'))).toMatchObject({ corruptions: 0, leaks: 0 });
  if (disk.lengthBytes === wanted.imageBytes && name.value === (wanted.backing?.name ?? null)) return 'new';
  expect(name.value).toBe('old-backing'.repeat(20));
  return 'old';
}

async function nameInside(file: MemoryFile): Promise<Result<string | null>> {
  const header = await readHeader(file);
  if (!header.ok) return header;
  const reference = await readBackingName(file, header.value.header);
  return reference.ok ? ok(reference.value?.name ?? null) : reference;
}
