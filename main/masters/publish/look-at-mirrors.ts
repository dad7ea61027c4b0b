import type { Clock } from '../../../shared/clock.ts';
import { CHUNK_BYTES } from '../../../shared/master-files.ts';
import type { MasterDescription } from '../../../shared/master.ts';
import { alignDown } from '../../../shared/units.ts';
import type { MasterSource } from '../../block/verified/master-source.ts';
import { MirrorRecords, type MirrorReport } from '../../block/verified/mirror-record.ts';
import { VerifiedDevice } from '../../block/verified/verified-device.ts';

export interface LookContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Read in so many places, evenly over the disk: enough to see how a source does, not to see that it has everything. */
const SAMPLES = 8;
const SAMPLE_BYTES = 4 * CHUNK_BYTES;

/**
 * Asks every source of a master by itself for a few verified pieces of the disk, all sources at once. A source that
 * fails is not asked for the rest.
 */
export async function lookAtMirrors(
  description: MasterDescription,
  sources: readonly MasterSource[],
  { clock, signal }: LookContext,
): Promise<MirrorReport[]> {
  return Promise.all(
    sources.map(async (source) => {
      // Nobody is to wait before trying again, so there is no chance to be drawn.
      const records = new MirrorRecords(clock, () => 0);
      const record = records.of(source.name);
      const device = await VerifiedDevice.open(description, [source], { clock, random: () => 0, records });
      if (!device.ok) return record.report();
      for (const offset of samplesOf(description.lengthBytes)) {
        if (signal.aborted) break;
        const length = Math.min(SAMPLE_BYTES, description.lengthBytes - offset);
        const read = await device.value.read(offset, new Uint8Array(length));
        if (!read.ok) break;
      }
      await device.value.close();
      return record.report();
    }),
  );
}

/** Begins of chunks. */
function samplesOf(lengthBytes: number): number[] {
  const offsets = Array.from({ length: SAMPLES }, (_, sample) =>
    alignDown(Math.floor((sample * lengthBytes) / SAMPLES), CHUNK_BYTES),
  );
  return [...new Set(offsets)];
}
