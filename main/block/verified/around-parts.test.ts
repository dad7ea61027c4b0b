import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_BYTES, MASTER_FILES } from '../../../shared/master-files.ts';
import { DONE, err, unwrap } from '../../../shared/result.ts';
import { MemorySource, publishInMemory } from '../../../test/support/memory-master.ts';
import { SeededRandom } from '../../../test/support/seeded-random.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import type { KnownParts } from '../known-parts.ts';
import { rangeEnd, type Range } from '../range.ts';
import { VerifiedDevice } from './verified-device.ts';

const DISK_BYTES = 6 * CHUNK_BYTES + 1024;
const SECTOR = 512;

function diskContent(): Uint8Array {
  const disk = new Uint8Array(DISK_BYTES);
  const random = new SeededRandom(5);
  // The third chunk is zero.
  for (let at = 0; at < DISK_BYTES; at++) {
    if (Math.floor(at / CHUNK_BYTES) !== 2) disk[at] = random.integer(0, 255);
  }
  return disk;
}
const CONTENT = diskContent();

/** Parts of the disk, by sector, as they are on it unless `spoil` changes them. */
class Parts implements KnownParts {
  readonly distrusted: Range[] = [];
  failing = false;
  readonly #ranges: readonly Range[];
  readonly #bytes: Uint8Array;

  constructor(ranges: readonly Range[], bytes = CONTENT) {
    this.#ranges = [...ranges].sort((one, other) => one.offset - other.offset);
    this.#bytes = bytes;
  }

  async within(range: Range) {
    if (this.distrusted.length > 0) return [];
    return this.#ranges.flatMap((part) => {
      const offset = Math.max(part.offset, range.offset);
      const length = Math.min(rangeEnd(part), rangeEnd(range)) - offset;
      return length > 0 ? [{ offset, length }] : [];
    });
  }

  async read(offset: number, target: Uint8Array) {
    if (this.failing) return err('source-unreachable', 'it does not come');
    target.set(this.#bytes.subarray(offset, offset + target.length));
    return DONE;
  }

  distrust(range: Range) {
    this.distrusted.push(range);
  }
}

async function open(parts: KnownParts, sources = 1) {
  const master = await publishInMemory(CONTENT);
  const mirrors = Array.from({ length: sources }, (_, index) => new MemorySource(`mirror ${index}/`, master));
  const device = unwrap(
    await VerifiedDevice.open(master.description, mirrors, {
      clock: new SimulatedClock(),
      random: () => 0.5,
      parts,
    }),
  );
  return { device, mirrors };
}

const partsArbitrary = fc
  .uniqueArray(fc.integer({ min: 0, max: DISK_BYTES / SECTOR }), { minLength: 2, maxLength: 60 })
  .map((borders) => {
    const sorted = borders.sort((a, b) => a - b).map((sector) => sector * SECTOR);
    return sorted.slice(1).flatMap((end, index) => {
      const offset = sorted[index] ?? 0;
      return index % 2 === 0 ? [{ offset, length: end - offset }] : [];
    });
  });

const readArbitrary = fc
  .tuple(fc.integer({ min: 0, max: DISK_BYTES - 1 }), fc.integer({ min: 1, max: 3 * CHUNK_BYTES }))
  .map(([offset, length]) => ({ offset, length: Math.min(length, DISK_BYTES - offset) }));

describe('a verified device of which parts come another way', () => {
  it('reads what is on the disk, and asks its sources for no byte of the parts', async () => {
    await fc.assert(
      fc.asyncProperty(
        partsArbitrary,
        fc.array(readArbitrary, { minLength: 1, maxLength: 4 }),
        async (known, reads) => {
          const { device, mirrors } = await open(new Parts(known));
          for (const { offset, length } of reads) {
            const target = new Uint8Array(length);
            unwrap(await device.read(offset, target));
            expect(Buffer.compare(target, CONTENT.subarray(offset, offset + length))).toBe(0);
          }
          for (const read of mirrors[0]?.diskReads() ?? []) {
            const touched = known.filter(
              (part) => part.offset < rangeEnd(read) && rangeEnd(part) > read.offset,
            );
            expect(touched).toEqual([]);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('reads what is on the disk when parts are wrong, and uses none of them any more', async () => {
    await fc.assert(
      fc.asyncProperty(partsArbitrary, readArbitrary, async (known, { offset, length }) => {
        const parts = new Parts(
          known,
          CONTENT.map((byte) => byte ^ 1),
        );
        const { device } = await open(parts);
        const target = new Uint8Array(length);
        unwrap(await device.read(offset, target));
        expect(Buffer.compare(target, CONTENT.subarray(offset, offset + length))).toBe(0);
      }),
      { numRuns: 40 },
    );
    const parts = new Parts(
      [{ offset: 0, length: SECTOR }],
      CONTENT.map((byte) => byte ^ 1),
    );
    const { device } = await open(parts);
    unwrap(await device.read(SECTOR, new Uint8Array(SECTOR)));
    expect(parts.distrusted).toEqual([{ offset: 0, length: CHUNK_BYTES }]);
  });

  it('blames the source, not the parts, for a gap that is wrong, and has it from another one', async () => {
    const parts = new Parts([{ offset: 0, length: SECTOR }]);
    const { device, mirrors } = await open(parts, 2);
    const [liar] = mirrors;
    if (liar === undefined) throw new Error('there are two');
    liar.spoil = (file, _offset, bytes) => {
      if (file === MASTER_FILES.disk) bytes.fill(7);
    };
    const target = new Uint8Array(CHUNK_BYTES);
    unwrap(await device.read(0, target));
    expect(Buffer.compare(target, CONTENT.subarray(0, CHUNK_BYTES))).toBe(0);
    expect(parts.distrusted).toEqual([]);
  });

  it('fetches whole chunks where parts do not come after all', async () => {
    const parts = new Parts([{ offset: SECTOR, length: SECTOR }]);
    parts.failing = true;
    const { device } = await open(parts);
    const target = new Uint8Array(2 * SECTOR);
    unwrap(await device.read(0, target));
    expect(Buffer.compare(target, CONTENT.subarray(0, 2 * SECTOR))).toBe(0);
  });
});
