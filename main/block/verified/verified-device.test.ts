import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { CHUNK_BYTES, MASTER_FILES } from '../../../shared/master-files.ts';
import { DONE, err, unwrap } from '../../../shared/result.ts';
import { KIB, MIB } from '../../../shared/units.ts';
import { MemorySource, publishInMemory, type MemoryMaster } from '../../../test/support/memory-master.ts';
import { SeededRandom } from '../../../test/support/seeded-random.ts';
import { SimulatedClock } from '../../../test/support/simulated-clock.ts';
import { describeBlockDevice } from '../device.conformance.ts';
import type { WrongBytes } from './mirror-set.ts';
import { VerifiedDevice } from './verified-device.ts';

const opened: VerifiedDevice[] = [];
afterEach(async () => {
  for (const device of opened.splice(0)) unwrap(await device.close());
});

/** Bytes without a period; chunks for which `isHole` says so are zeroes. */
function diskOf(chunks: number, isHole: (chunk: number) => boolean = () => false, extraBytes = 0) {
  const disk = new Uint8Array(chunks * CHUNK_BYTES + extraBytes);
  const random = new SeededRandom(chunks);
  for (let at = 0; at < disk.length; at += 4) {
    if (!isHole(Math.floor(at / CHUNK_BYTES))) disk.fill(random.integer(1, 255), at, at + 4);
  }
  return disk;
}

async function openOn(
  { description }: MemoryMaster,
  sources: readonly MemorySource[],
  clock = new SimulatedClock(),
) {
  const faults: WrongBytes[] = [];
  const device = unwrap(
    await VerifiedDevice.open(description, sources, {
      clock,
      random: () => 0.5,
      onWrongBytes: (wrong) => faults.push(wrong),
    }),
  );
  opened.push(device);
  return { device, faults, clock };
}

async function readOf(device: VerifiedDevice, offset: number, length: number) {
  const target = new Uint8Array(length);
  unwrap(await device.read(offset, target));
  return target;
}

const isEqual = (bytes: Uint8Array, wanted: Uint8Array) => Buffer.compare(bytes, wanted) === 0;
const flipByte = (at: number) => (file: string, offset: number, bytes: Uint8Array) => {
  if (file !== MASTER_FILES.disk || at < offset || at >= offset + bytes.length) return;
  bytes[at - offset] = (bytes[at - offset] ?? 0) ^ 0x40;
};

describeBlockDevice('a verified master', {
  make: async (content) => {
    const master = await publishInMemory(content);
    return (await openOn(master, [new MemorySource('a/', master)])).device;
  },
});

describe('reading a verified master', () => {
  it('fetches whole chunks, a MiB of them at a time', async () => {
    const disk = diskOf(40);
    const master = await publishInMemory(disk);
    const source = new MemorySource('a/', master);
    const { device } = await openOn(master, [source]);
    expect(isEqual(await readOf(device, 0, disk.length), disk)).toBe(true);
    expect(source.diskReads()).toEqual([
      { offset: 0, length: MIB },
      { offset: MIB, length: MIB },
      { offset: 2 * MIB, length: 8 * CHUNK_BYTES },
    ]);
  });

  it('fetches a chunk once for all who read parts of it, one after the other or together', async () => {
    const disk = diskOf(4);
    const master = await publishInMemory(disk);
    const source = new MemorySource('a/', master);
    const { device } = await openOn(master, [source]);
    await Promise.all([readOf(device, 100, 50), readOf(device, 4096, 4096)]);
    for (let at = 0; at < CHUNK_BYTES; at += 4096) {
      expect(isEqual(await readOf(device, at, 4096), disk.subarray(at, at + 4096))).toBe(true);
    }
    expect(source.diskReads()).toEqual([{ offset: 0, length: CHUNK_BYTES }]);
  });

  it('asks for no chunk of zeroes, and knows where they are', async () => {
    const disk = diskOf(30, (chunk) => chunk >= 3 && chunk < 20, 512);
    disk.fill(0, 30 * CHUNK_BYTES);
    const master = await publishInMemory(disk);
    const source = new MemorySource('a/', master);
    const { device } = await openOn(master, [source]);
    const target = new Uint8Array(disk.length).fill(0xee);
    unwrap(await device.read(0, target));
    expect(isEqual(target, disk)).toBe(true);
    expect(source.diskReads()).toEqual([
      { offset: 0, length: 3 * CHUNK_BYTES },
      { offset: 20 * CHUNK_BYTES, length: 10 * CHUNK_BYTES },
    ]);
    expect(unwrap(await device.extentAt(0, MIB))).toMatchObject({ kind: 'data', length: 3 * CHUNK_BYTES });
    expect(unwrap(await device.extentAt(4 * CHUNK_BYTES + 7, MIB))).toMatchObject({
      kind: 'zero',
      length: 16 * CHUNK_BYTES - 7,
    });
    expect(unwrap(await device.extentAt(30 * CHUNK_BYTES + 1, 511))).toMatchObject({
      kind: 'zero',
      length: 511,
    });
  });

  it('works in memory that threads share', async () => {
    const disk = diskOf(2);
    const master = await publishInMemory(disk);
    const { device } = await openOn(master, [new MemorySource('a/', master)]);
    const target = new Uint8Array(new SharedArrayBuffer(disk.length));
    unwrap(await device.read(0, target));
    expect(isEqual(target, disk)).toBe(true);
  });

  it('never returns a wrong byte, whatever the sources do', async () => {
    const disk = diskOf(24, (chunk) => chunk % 5 === 3, 1024);
    const master = await publishInMemory(disk);
    const chunksFile = master.files[MASTER_FILES.chunks] ?? new Uint8Array();
    const stories = fc.record({
      seed: fc.nat(),
      sources: fc.integer({ min: 1, max: 3 }),
      lie: fc.integer({ min: 0, max: 60 }),
      fail: fc.integer({ min: 0, max: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(stories, async ({ seed, sources, lie, fail }) => {
        const random = new SeededRandom(seed);
        const mirrors = Array.from({ length: sources }, (_, index) => {
          const source = new MemorySource(`${index}/`, master);
          source.fault = () =>
            random.chance(fail / 100) ? err('source-unreachable', 'not now').failure : null;
          source.spoil = (_file, _offset, bytes) => {
            if (random.chance(lie / 100)) bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255);
          };
          return source;
        });
        const device = await VerifiedDevice.open(master.description, mirrors, {
          clock: new SimulatedClock(),
          random: () => random.next(),
        });
        if (!device.ok) {
          expect(device.failure.code).toMatch(/^source-/);
          return;
        }
        for (let count = 0; count < 12; count++) {
          const offset = random.integer(0, disk.length - 1);
          const target = new Uint8Array(random.integer(1, Math.min(MIB, disk.length - offset)));
          const read = await device.value.read(offset, target);
          if (read.ok) expect(isEqual(target, disk.subarray(offset, offset + target.length))).toBe(true);
          else expect(read.failure.code).toMatch(/^source-(unreachable|changed)$/);
        }
        await device.value.close();
      }),
      { numRuns: 60 },
    );
    expect(chunksFile.length).toBe(master.description.chunks.lengthBytes);
  });
});

describe('a wrong chunk', () => {
  it('is taken from another source, and only that chunk', async () => {
    const disk = diskOf(16);
    const master = await publishInMemory(disk);
    const [liar, honest] = [new MemorySource('liar/', master), new MemorySource('honest/', master)];
    liar.spoil = flipByte(5 * CHUNK_BYTES + 17);
    const { device, faults } = await openOn(master, [liar, honest]);
    expect(isEqual(await readOf(device, 0, disk.length), disk)).toBe(true);
    expect(honest.diskReads()).toEqual([{ offset: 5 * CHUNK_BYTES, length: CHUNK_BYTES }]);
    expect(faults).toMatchObject([{ mirror: 'liar/', file: 'disk.raw', offset: 5 * CHUNK_BYTES }]);
  });

  it('fails the read when no source has the right one, with offset and sources named', async () => {
    const disk = diskOf(4);
    const master = await publishInMemory(disk);
    const sources = [new MemorySource('a/', master), new MemorySource('b/', master)];
    for (const source of sources) source.spoil = flipByte(2 * CHUNK_BYTES);
    const { device } = await openOn(master, sources);
    const wrong = (name: string) =>
      `${name}/disk.raw: the 65536 bytes at 131072 are not those of the master (wrong SHA-256)`;
    expect(await device.read(0, new Uint8Array(disk.length))).toEqual(
      err('source-changed', `${wrong('a')}; ${wrong('b')}`),
    );
    expect((await device.read(0, new Uint8Array(2 * CHUNK_BYTES))).ok).toBe(true);
  });

  it('is asked for again by the next read, and not kept', async () => {
    const disk = diskOf(1);
    const master = await publishInMemory(disk);
    const source = new MemorySource('a/', master);
    source.spoil = flipByte(9);
    const { device } = await openOn(master, [source]);
    expect((await device.read(5, new Uint8Array(1))).ok).toBe(false);
    source.spoil = () => {};
    expect(isEqual(await readOf(device, 5, 100), disk.subarray(5, 105))).toBe(true);
  });

  it('that was swapped for another chunk of the same master is wrong too', async () => {
    const disk = diskOf(3);
    const master = await publishInMemory(disk);
    const source = new MemorySource('a/', master);
    source.spoil = (file, offset, bytes) => {
      if (file === MASTER_FILES.disk && offset === 0) bytes.copyWithin(0, CHUNK_BYTES, 2 * CHUNK_BYTES);
    };
    const { device } = await openOn(master, [source]);
    expect(await device.read(0, new Uint8Array(disk.length))).toMatchObject({
      failure: { code: 'source-changed' },
    });
  });
});

describe('a manifest', () => {
  it('that is not the described one is refused, and another source may have the right one', async () => {
    const master = await publishInMemory(diskOf(4));
    const other = await publishInMemory(diskOf(4, (chunk) => chunk === 1));
    const swapped = new MemorySource('swapped/', other);
    expect(
      await VerifiedDevice.open(master.description, [swapped], {
        clock: new SimulatedClock(),
        random: () => 0,
      }),
    ).toMatchObject({ failure: { code: 'source-changed' } });
    const { device, faults } = await openOn(master, [swapped, new MemorySource('right/', master)]);
    expect(device.lengthBytes).toBe(4 * CHUNK_BYTES);
    expect(faults).toMatchObject([{ mirror: 'swapped/', file: 'chunks.bin', offset: 0 }]);
  });

  it('that is cut short is refused', async () => {
    const master = await publishInMemory(diskOf(4));
    const chunks = master.files[MASTER_FILES.chunks] ?? new Uint8Array();
    const cut = new MemorySource('cut/', {
      ...master,
      files: { ...master.files, [MASTER_FILES.chunks]: chunks.subarray(0, 64) },
    });
    const refused = await VerifiedDevice.open(master.description, [cut], {
      clock: new SimulatedClock(),
      random: () => 0,
    });
    expect(refused).toMatchObject({ failure: { code: 'source-changed' } });
  });
});

describe('several sources', () => {
  const twoSources = async () => {
    const disk = diskOf(64);
    const master = await publishInMemory(disk);
    const [first, second] = [new MemorySource('first/', master), new MemorySource('second/', master)];
    return { disk, first, second, ...(await openOn(master, [first, second])) };
  };

  it('begin with the one the publisher prefers', async () => {
    const { device, first, second } = await twoSources();
    await readOf(device, 0, CHUNK_BYTES);
    expect([first.reads.length, second.reads.length]).toEqual([2, 0]);
  });

  it('go on with another when one is lost, and return to it after a rest, one request first', async () => {
    const { device, first, second, clock } = await twoSources();
    first.sample = { timeToFirstByteMs: 1, totalMs: 2 };
    second.sample = { timeToFirstByteMs: 200, totalMs: 900 };
    first.fault = () => err('source-unreachable', 'gone').failure;
    await readOf(device, 0, CHUNK_BYTES);
    expect(device.mirrors()).toMatchObject([
      { name: 'first/', state: 'resting', fault: { kind: 'failed', failure: { message: 'gone' } } },
      { name: 'second/', state: 'good', fault: null },
    ]);
    const asked = first.reads.length;
    for (let chunk = 1; chunk < 10; chunk++) await readOf(device, chunk * CHUNK_BYTES, CHUNK_BYTES);
    expect(first.reads.length).toBe(asked);

    first.fault = () => null;
    await clock.advance(1500);
    expect(device.mirrors()[0]?.state).toBe('recovering');
    // Reads that somebody waits for do not try it out while another is well.
    await readOf(device, 0, CHUNK_BYTES);
    expect(first.reads.length).toBe(asked);
    for (let round = 0; round < 8; round++) await readOf(device, 0, 4 * MIB);
    expect(device.mirrors()[0]).toMatchObject({ state: 'good', fault: null });
    const before = second.reads.length;
    await readOf(device, 0, CHUNK_BYTES);
    expect(second.reads.length).toBe(before);
  });

  it('share a long read when both take their time', async () => {
    const { disk, device, first, second } = await twoSources();
    first.sample = { timeToFirstByteMs: 90, totalMs: 100 };
    await readOf(device, 0, CHUNK_BYTES);
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    first.gate = second.gate = () => held;
    const reading = readOf(device, 0, disk.length);
    await new Promise((resolve) => setImmediate(resolve));
    release();
    expect(isEqual(await reading, disk)).toBe(true);
    expect(Math.min(first.diskReads().length, second.diskReads().length)).toBeGreaterThan(0);
  });

  it('that all fail are unreachable if one of them may come back, at the time it named', async () => {
    const { device, first, second } = await twoSources();
    first.fault = () => err('source-refused', 'first: no such file').failure;
    second.fault = () => err('source-unreachable', 'second: busy', { retryAfterMs: 7000 }).failure;
    expect(await device.read(0, new Uint8Array(512))).toEqual(
      err('source-unreachable', 'first: no such file; second: busy', { retryAfterMs: 7000 }),
    );
    second.fault = first.fault;
    expect(await device.read(0, new Uint8Array(512))).toMatchObject({ failure: { code: 'source-changed' } });
  });

  it('that all fail are asked all the same, by whoever knows and comes back', async () => {
    const { device, first, second } = await twoSources();
    first.fault = second.fault = () => err('source-unreachable', 'gone').failure;
    expect((await device.read(0, new Uint8Array(512))).ok).toBe(false);
    second.fault = () => null;
    expect(await device.read(0, new Uint8Array(512))).toEqual(DONE);
  });
});

describe('closing', () => {
  it('ends reads that wait, with closed', async () => {
    const master = await publishInMemory(diskOf(40));
    const source = new MemorySource('a/', master);
    const { device } = await openOn(master, [source]);
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    source.gate = () => held;
    const reads = [device.read(0, new Uint8Array(2 * MIB)), device.read(70 * KIB, new Uint8Array(5))];
    await new Promise((resolve) => setImmediate(resolve));
    expect(await device.close()).toEqual(DONE);
    release();
    expect(await Promise.all(reads)).toMatchObject(Array(2).fill({ failure: { code: 'closed' } }));
  });
});
