import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { KIB } from '../../shared/units.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { buildTestProgram, type TestProgram } from '../support/test-program.ts';
import { KilledOverlay, type OverlayShape } from './killed-overlay.ts';

const KILLS = Number(process.env['HEADWATER_KILLS'] ?? 60);
const SEED = Number(process.env['HEADWATER_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const MOST_KILLS_OF_ONE = 12;

let program: TestProgram;

beforeAll(() => {
  program = buildTestProgram('test/crash/guest-writer.ts');
});

afterAll(() => program.remove());

function shapeOf(random: SeededRandom, index: number): OverlayShape {
  return {
    sectors: random.integer(6_000, 16_000),
    clusterBytes: random.pick([4 * KIB, 16 * KIB, 64 * KIB]),
    remote: index % 3 !== 2,
  };
}

describe('an overlay that streams under a writing guest', () => {
  it(`survives ${KILLS} kills (HEADWATER_SEED=${SEED}): no flushed write is lost, nothing local is fetched again`, async () => {
    const random = new SeededRandom(SEED);
    const folder = tempFolder();
    for (let kills = 0, index = 0; kills < KILLS; index++) {
      const place = path.join(folder, String(index));
      fs.mkdirSync(place);
      const overlay = await KilledOverlay.create(random, shapeOf(random, index), place, program.path);
      await overlay.live(Math.min(MOST_KILLS_OF_ONE, KILLS - kills));
      kills += overlay.kills;
      fs.rmSync(place, { recursive: true });
    }
  });
});
