import { createHash } from 'node:crypto';
import { brotliCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unwrap } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import { MemoryFile, Saboteur } from '../../../test/support/memory-file.ts';
import { SeededRandom } from '../../../test/support/seeded-random.ts';
import { encodeStateHeader, type StateFacts, type StateHeader } from './header.ts';
import { HEADER_BYTES, PieceHashes } from './pieces.ts';
import { readState, readStateHeader, type StateFit } from './read-state.ts';
import { writeState } from './write-state.ts';

const FACTS: StateFacts = {
  emulator: 'v86 1.2.3',
  memoryMiB: 1,
  diskBytes: 256 * MIB,
  contentStamp: '00112233445566778899aabbccddeeff',
  savedAtMs: 1_795_650_000_000,
};
const PIECES = [bytesOf(20 * KIB, 1), new Uint8Array(100 * KIB), bytesOf(1, 9), bytesOf(1200 * KIB, 2)];
const STATE = Buffer.concat(PIECES);

/** Bytes that cannot be compressed well. */
function bytesOf(length: number, seed: number): Uint8Array {
  const random = new SeededRandom(seed);
  return Uint8Array.from({ length }, () => random.integer(0, 255));
}

async function saved(): Promise<MemoryFile> {
  const file = new MemoryFile(undefined, { path: 'machine.state' });
  const fileBytes = unwrap(await writeState(file, FACTS, PIECES));
  expect(fileBytes).toBe(unwrap(await file.length()));
  return file;
}

const whyNot = async (file: MemoryFile, fit: StateFit = FACTS) => {
  const reading = unwrap(await readState(file, fit));
  return reading.fits ? null : reading.why;
};

/** A file with this header, its checksum right, over these stored bytes. */
function forged(changes: Partial<StateHeader>, stored: Uint8Array = brotliCompressSync(STATE)): MemoryFile {
  const pieces = new PieceHashes();
  pieces.add(stored);
  const hashes = pieces.finish();
  const header: StateHeader = {
    ...FACTS,
    stateBytes: STATE.length,
    storedBytes: stored.length,
    digest: createHash('sha256').update(hashes).digest(),
    ...changes,
  };
  return MemoryFile.of(Buffer.concat([encodeStateHeader(header), stored, hashes]));
}

describe('a saved state', () => {
  it('is read as it was written, with what it says of itself', async () => {
    const file = await saved();
    const reading = unwrap(await readState(file, FACTS));
    if (!reading.fits) throw new Error(reading.why);
    expect(Buffer.compare(reading.state, STATE)).toBe(0);
    expect(reading.savedAtMs).toBe(FACTS.savedAtMs);
    expect(unwrap(await readStateHeader(file))).toMatchObject({ ...FACTS, stateBytes: STATE.length });
  });

  it('tells how far its writing is', async () => {
    const told: number[] = [];
    unwrap(
      await writeState(new MemoryFile(), FACTS, PIECES, { onProgress: (fraction) => told.push(fraction) }),
    );
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told.at(-1)).toBe(1);
  });

  it.each<[string, Partial<StateFit>, RegExp]>([
    ['another emulator', { emulator: 'v86 1.2.4' }, /saved by "v86 1.2.3", this is "v86 1.2.4"/],
    ['other memory', { memoryMiB: 2 }, /1 MiB of memory, the machine has 2/],
    ['another disk', { diskBytes: MIB }, /268435456 bytes, the machine's has 1048576/],
    ['a disk that was written', { contentStamp: null }, /the disk was written/],
    ['a disk of another moment', { contentStamp: 'f'.repeat(32) }, /the disk was written/],
  ])('does not fit %s', async (_, change, why) => {
    expect(await whyNot(await saved(), { ...FACTS, ...change })).toMatch(why);
  });
});

describe('a damaged state', () => {
  it('is refused wherever it ends', async () => {
    const whole = (await saved()).content.toBytes();
    const ends = [0, 1, 8, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + 1, whole.length - 1];
    for (const end of ends) {
      expect(await whyNot(MemoryFile.of(whole.subarray(0, end))), `${end} bytes`).toMatch(/damaged/);
    }
    expect(await whyNot(MemoryFile.of(Buffer.concat([whole, new Uint8Array(1)])))).toMatch(/damaged/);
  });

  it('is refused whichever byte is another', async () => {
    const whole = (await saved()).content.toBytes();
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.nat(HEADER_BYTES - 1), fc.nat(whole.length - 1)),
        fc.integer({ min: 1, max: 255 }),
        async (at, change) => {
          const other = whole.slice();
          other[at] = (other[at] ?? 0) ^ change;
          // The version is looked at first: of what comes later not even the checksum is known.
          const why = at >= 8 && at < 12 ? /version/ : /damaged/;
          expect(await whyNot(MemoryFile.of(other))).toMatch(why);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is refused whatever else is in the file', async () => {
    const arbitrary = fc.uint8Array({ maxLength: 2000 });
    await fc.assert(
      fc.asyncProperty(arbitrary, fc.boolean(), async (bytes, marked) => {
        const file = marked ? Buffer.concat([Buffer.from('HDWSTATE'), bytes]) : bytes;
        expect(await whyNot(MemoryFile.of(file))).toMatch(/damaged|version/);
      }),
    );
  });

  it.each<[string, MemoryFile]>([
    ['more than its memory holds', forged({ stateBytes: 66 * MIB })],
    ['nothing', forged({ stateBytes: 0 })],
    ['no memory', forged({ memoryMiB: 0 })],
    ['more than any memory', forged({ memoryMiB: 0xffff_ffff })],
    ['a disk of an impossible size', forged({ diskBytes: 2 ** 60 })],
    ['no time', forged({ savedAtMs: Number.NaN })],
    ['less than it says', forged({ stateBytes: STATE.length + 1 })],
    ['more than it says', forged({ stateBytes: STATE.length - 1 })],
    ['a bomb', forged({}, brotliCompressSync(new Uint8Array(50 * MIB)))],
    ['no Brotli', forged({}, bytesOf(1000, 3))],
    ['half its Brotli', forged({}, brotliCompressSync(STATE).subarray(0, 1000))],
  ])('is refused with a right checksum over %s', async (_, file) => {
    expect(await whyNot(file)).toMatch(/damaged/);
  });

  it('of a version to come is called that', async () => {
    const bytes = (await saved()).content.toBytes();
    bytes[8] = 3;
    expect(await whyNot(MemoryFile.of(bytes))).toBe('its format is version 3, this Headwater knows 2');
  });
});

describe('writing a state', () => {
  it('leaves it whole or recognisably unfinished, wherever the power fails', async () => {
    const random = new SeededRandom(5);
    const found = new Set<string | null>();
    const look = async () => {
      for (let cut = 0; cut < 3; cut++) found.add(await whyNot(new MemoryFile(file.afterPowerCut(random))));
    };
    const file: MemoryFile = new MemoryFile(undefined, {
      before: async () => (await look(), null),
      after: look,
    });
    unwrap(await writeState(file, FACTS, PIECES));
    expect(found).toEqual(
      new Set(['it is damaged: it is too short', 'it is damaged: it was never finished', null]),
    );
  });

  it('passes every failure on', async () => {
    for (let failAt = 1; ; failAt++) {
      const saboteur = new Saboteur(failAt);
      const file = new MemoryFile(undefined, { before: saboteur.before });
      const written = await writeState(file, FACTS, PIECES);
      if (!saboteur.struck) break;
      expect(written).toMatchObject({ failure: { code: 'io' } });
    }
  });
});

describe('reading a state', () => {
  it('tells a file that cannot be read from a state that does not fit', async () => {
    const whole = await saved();
    for (let failAt = 1; ; failAt++) {
      const saboteur = new Saboteur(failAt);
      const reading = await readState(whole.reopened({ before: saboteur.before }), FACTS);
      if (!saboteur.struck) break;
      expect(reading).toMatchObject({ failure: { code: 'io' } });
    }
  });
});
