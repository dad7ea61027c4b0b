import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../shared/clock.ts';
import { unwrap } from '../../shared/result.ts';
import { MIB } from '../../shared/units.ts';
import { findPublished } from '../../main/storage/chain/master-description.ts';
import { verifyMaster } from '../../main/masters/publish/verify-master.ts';
import { HeadwaterProcess } from '../support/headwater-process.ts';
import { writeRaw } from '../support/image-files.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { tempFolder } from '../support/temp-folder.ts';

const KILLS = Number(process.env['HEADWATER_KILLS'] ?? 60) / 6;
const SEED = Number(process.env['HEADWATER_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const LONGEST_MS = 1500;

describe('a master that is being published', () => {
  it(`survives ${KILLS} kills (HEADWATER_SEED=${SEED}): it is there whole or not at all`, async () => {
    const random = new SeededRandom(SEED);
    const disk = path.join(tempFolder(), 'disk.raw');
    writeRaw(disk, 200 * MIB);
    const out = tempFolder();
    const masters = path.join(out, 'masters');
    const finished = () =>
      fs.existsSync(masters) ? fs.readdirSync(masters).filter((name) => !name.startsWith('.')) : [];
    for (let kills = 0; kills < KILLS && finished().length === 0; kills++) {
      const publishing = HeadwaterProcess.start(['master', 'publish', disk, '--out', out, '-q']);
      await new Promise((resolve) => setTimeout(resolve, random.integer(0, LONGEST_MS)));
      publishing.signal('SIGKILL');
      await publishing.ended;
    }
    const { code } = await HeadwaterProcess.start(['master', 'publish', disk, '--out', out, '-q']).ended;
    expect(code).toBe(0);
    const [sha256 = '', ...others] = finished();
    expect(others).toEqual([]);
    const master = unwrap(await findPublished(path.join(masters, sha256), systemClock));
    const { signal } = new AbortController();
    const context = { clock: systemClock, signal, progress: () => undefined };
    expect(unwrap(await verifyMaster({ master }, context)).problems).toEqual([]);
  });
});
