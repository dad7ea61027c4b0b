import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FrameFlags } from '../../main/block/pack/frame-flags.ts';
import type { PackFrame } from '../../main/block/pack/layout.ts';
import { NodeFile } from '../../main/block/node-file.ts';
import { rangeEnd, type Range } from '../../main/block/range.ts';
import { checkQed } from '../../main/qed/check.ts';
import { openStoredPack } from '../../main/storage/chain/published-pack.ts';
import { packFileOf } from '../../main/storage/pack/pack-file.ts';
import { unwrap } from '../../shared/result.ts';
import { SECTOR_BYTES } from '../../shared/units.ts';
import { contentWithoutSource, firstDifference, MASTER_BYTES } from '../support/disk-workbench.ts';
import { newPackedImages, type PackedImages } from '../support/packed-master.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { buildTestProgram, type TestProgram } from '../support/test-program.ts';
import type { BootReport, BootTask } from './boot-reader.ts';

const KILLS = Math.ceil(Number(process.env['HEADWATER_KILLS'] ?? 60) / 6);
const SEED = Number(process.env['HEADWATER_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** Two seconds for the disk, and half of one for its pack. */
const LINK = { bitsPerSecond: (MASTER_BYTES * 8) / 2, roundTripMs: 5 };
const LONGEST_MS = 1500;

let program: TestProgram;
beforeAll(() => (program = buildTestProgram('test/crash/boot-reader.ts')));
afterAll(() => program.remove());

/** Sectors here and there, about a quarter of the disk. */
function bootRanges(random: SeededRandom): Range[] {
  const ranges: Range[] = [];
  for (let at = 0; ;) {
    const length = random.integer(1, 64) * SECTOR_BYTES;
    if (at + length > MASTER_BYTES) return ranges;
    ranges.push({ offset: at, length });
    at += length + random.integer(1, 192) * SECTOR_BYTES;
  }
}

/** Runs the guest. @param killAfterMs since its disk was open; null to let it come to its end */
async function boot(task: BootTask, killAfterMs: number | null): Promise<BootReport['told'] | undefined> {
  const child = spawn(process.execPath, [program.path, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  let last: BootReport['told'] | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const report = JSON.parse(line) as BootReport;
    if (report.told === 'failed') throw new Error(report.message);
    if (report.told === 'opened' && killAfterMs !== null)
      setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    last = report.told;
  }
  await ended;
  return last;
}

/** The frames of the pack that are kept beside the overlay, whole. */
async function keptFrames({ published, overlay }: PackedImages): Promise<PackFrame[]> {
  const { bootPack: pack } = published.description;
  if (pack === undefined) throw new Error('no pack was published');
  const flags = new FrameFlags();
  const kept = await openStoredPack(
    { published, pack, path: packFileOf(overlay), flags },
    { readOnly: true },
  );
  if (!kept.ok) return [];
  unwrap(await kept.value.pack.scan());
  await kept.value.file.close();
  return kept.value.pack.index.frames.filter((_, frame) => flags.isStored(frame));
}

async function corruptionsOf(overlay: string): Promise<number> {
  const file = unwrap(NodeFile.open(overlay, { readOnly: true }));
  const { corruptions, checkErrors } = unwrap(await checkQed(file, 'none'));
  unwrap(await file.close());
  return corruptions + checkErrors;
}

describe('a boot pack that comes while its disk streams', () => {
  it(`survives ${KILLS} kills (HEADWATER_SEED=${SEED}): no byte is wrong, no kept frame is fetched again, no file stays`, async () => {
    const random = new SeededRandom(SEED);
    let killsOnTheWay = 0;
    for (let kills = 0; kills < KILLS;) {
      const ranges = bootRanges(random);
      let asked: Range[] = [];
      const images = await newPackedImages(ranges, {
        link: LINK,
        onPackRequest: (range) => asked.push(range),
      });
      const { chain, overlay, content } = images;
      const contentFile = path.join(path.dirname(overlay), 'content');
      fs.writeFileSync(contentFile, content);
      const before = fs.readdirSync(path.dirname(overlay));
      const run = async (killAfterMs: number | null) => {
        const kept = await keptFrames(images);
        asked = [];
        const last = await boot({ chain, content: contentFile, ranges }, killAfterMs);
        const again = asked.filter((range) => kept.some((frame) => overlaps(range, frame)));
        expect(again, 'fetched though it was kept').toEqual([]);
        expect(await corruptionsOf(overlay)).toBe(0);
        return last;
      };
      for (let complete = false; !complete && kills < KILLS; kills++) {
        const last = await run(random.integer(0, LONGEST_MS));
        complete = last === 'complete' || last === 'closed';
        if (!complete) killsOnTheWay++;
      }
      expect(await run(null)).toBe('closed');
      expect(firstDifference(await contentWithoutSource(overlay), content)).toBeNull();
      expect(fs.readdirSync(path.dirname(overlay)).sort()).toEqual(before.sort());
    }
    expect(killsOnTheWay).toBeGreaterThan(0);
  });
});

function overlaps(range: Range, { fileOffset, storedBytes }: PackFrame): boolean {
  return fileOffset < rangeEnd(range) && range.offset < fileOffset + storedBytes;
}
