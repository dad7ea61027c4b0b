import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MASTER_FILES } from '../../shared/master-files.ts';
import { unwrap } from '../../shared/result.ts';
import { KIB, SECTOR_BYTES } from '../../shared/units.ts';
import type { Answered } from '../../main/appliances/serve/answer.ts';
import { FrameFlags } from '../../main/block/pack/frame-flags.ts';
import type { PackFrame } from '../../main/block/pack/layout.ts';
import type { Range } from '../../main/block/range.ts';
import { openStoredPack } from '../../main/storage/chain/published-pack.ts';
import {
  connect,
  contentWithoutSource,
  firstDifference,
  MASTER_BYTES,
  openDisk,
  STREAM,
} from '../support/disk-workbench.ts';
import { newPackedImages, type PackedImages } from '../support/packed-master.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { buildTestProgram, type TestProgram } from '../support/test-program.ts';
import type { PackReaderTask } from './pack-reader.ts';

const KILLS = Math.ceil(Number(process.env['HEADWATER_KILLS'] ?? 60) / 6);
const SEED = Number(process.env['HEADWATER_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

let program: TestProgram;

beforeAll(() => {
  program = buildTestProgram('test/crash/pack-reader.ts');
});

afterAll(() => program.remove());

/** Most of the disk in short pieces, so that the pack has many frames. */
function boot(random: SeededRandom): Range[] {
  const ranges: Range[] = [];
  for (let at = 0; at < MASTER_BYTES - 64 * KIB; at += random.integer(8, 40) * SECTOR_BYTES) {
    const length = random.integer(4, 30) * SECTOR_BYTES;
    ranges.push({ offset: at, length });
    at += length;
  }
  return ranges.sort(() => random.integer(0, 2) - 1);
}

/** The frames that a killed process has left whole. */
async function framesLeft({ published, overlay }: PackedImages): Promise<PackFrame[]> {
  const { bootPack: pack } = published.description;
  if (pack === undefined) throw new Error('the master has no pack');
  const flags = new FrameFlags();
  const path = `${overlay}.pack`;
  const opened = await openStoredPack({ published, pack, path, flags }, { readOnly: true });
  if (!opened.ok) return [];
  unwrap(await opened.value.pack.scan());
  unwrap(await opened.value.file.close());
  return opened.value.pack.index.frames.filter((_, frame) => flags.isStored(frame));
}

describe('a boot pack that is being downloaded', () => {
  it(`survives ${KILLS} kills (HEADWATER_SEED=${SEED}): what is here stays and is right, and is not fetched again`, async () => {
    const random = new SeededRandom(SEED);
    const ranges = boot(random);
    let heard: (answered: Pick<Answered, 'path' | 'range'>) => void = () => undefined;
    const images = await newPackedImages(ranges, {
      link: { bitsPerSecond: 30e6, roundTripMs: 2 },
      onRequest: (answered) => heard(answered),
    });
    let most = 0;
    for (let kills = 0; kills < KILLS; kills++) {
      const here = await framesLeft(images);
      expect(here.length).toBeGreaterThanOrEqual(most);
      most = here.length;
      const asked: Range[] = [];
      const task: PackReaderTask = { chain: images.chain, ranges };
      const child = spawn(process.execPath, [program.path, JSON.stringify(task)], { stdio: 'ignore' });
      // Killed by what it does, not by the time that takes: some requests of any kind after its first.
      let left = random.integer(1, 12);
      const closed = once(child, 'close');
      heard = ({ path, range }) => {
        if (path.endsWith(MASTER_FILES.bootPack) && range !== null && range.length > 1) asked.push(range);
        if (--left === 0) setTimeout(() => child.kill('SIGKILL'), random.integer(0, 30));
      };
      const [code] = (await closed) as [number | null];
      const again = here.filter(({ fileOffset, storedBytes }) =>
        asked.some(({ offset, length }) => offset < fileOffset + storedBytes && offset + length > fileOffset),
      );
      expect(again).toEqual([]);
      if (code === 0) break;
    }
    heard = () => undefined;
    const { disk, told } = await openDisk(images.chain, { onSourceLost: 'wait' });
    const guest = await connect(disk);
    for (const { offset, length } of ranges) {
      const read = unwrap(await guest.readOwned(offset, length));
      expect(firstDifference(read, images.content.subarray(offset, offset + length))).toBeNull();
    }
    unwrap(await disk.startStream(STREAM));
    await told.job('BLOCK_JOB_COMPLETED');
    unwrap(await disk.close());
    expect(firstDifference(await contentWithoutSource(images.overlay), images.content)).toBeNull();
    expect(fs.existsSync(`${images.overlay}.pack`)).toBe(false);
  });
});
