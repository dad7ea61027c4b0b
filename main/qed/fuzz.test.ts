import { describe, expect, it } from 'vitest';
import { err, unwrap, type Result } from '../../shared/result.ts';
import { GIB, MIB, TIB } from '../../shared/units.ts';
import { MemoryFile, type FileOperation } from '../../test/support/memory-file.ts';
import { newQed, pattern } from '../../test/support/qed-disk.ts';
import { SeededRandom } from '../../test/support/seeded-random.ts';
import { SimulatedClock } from '../../test/support/simulated-clock.ts';
import { SparseBytes } from '../../test/support/sparse-bytes.ts';
import { MemoryDevice } from '../../test/support/memory-device.ts';
import { checkQed } from './check.ts';
import { QedDevice } from './device.ts';
import { FEATURE } from './format.ts';
import { encodeHeader, type Header } from './header.ts';
import { QedImage } from './image.ts';

/** Mutated images; a nightly run sets more. */
const IMAGES = Number(process.env['HEADWATER_FUZZ_IMAGES'] ?? 12_000);
const CLUSTER = 4096;
/** The largest piece the engine may read at once, and the most it may read to open an image and use it a little. */
const MOST_AT_ONCE = 4 * MIB;

/** Bounds for what the engine does to a hostile file: broken ones throw, which no hostile file may bring about. */
class Watch {
  readonly before = (operation: FileOperation) => {
    this.#operations++;
    if (this.#operations > 50_000) throw new Error('no end in sight');
    if (operation.kind === 'read') this.#checkPlace(operation.position, operation.length);
    if (operation.kind === 'write') this.#checkPlace(operation.position, operation.data.length);
    return null;
  };
  #operations = 0;

  #checkPlace(position: number, length: number): void {
    if (!Number.isSafeInteger(position) || position < 0) throw new Error(`position ${position}`);
    if (length > MOST_AT_ONCE) throw new Error(`${length} bytes at once`);
  }
}

/** Uses an image as everybody might who got hold of it. Failures are fine; thrown errors and wrong bounds are not. */
async function use(content: SparseBytes, random: SeededRandom): Promise<boolean> {
  const clock = new SimulatedClock();
  const readOnly = random.chance(0.3);
  const file = new MemoryFile(content, { readOnly, before: new Watch().before });
  const repair = readOnly ? 'none' : random.pick(['none', 'none', 'leaks', 'all'] as const);
  expectTyped(await checkQed(file, repair));
  const image = expectTyped(await QedImage.open(file, { clock, tableCacheBytes: 256 * 1024 }));
  if (!image.ok) return false;
  const { imageBytes, backing } = image.value;
  const disk = new QedDevice(image.value, backing === null ? null : new MemoryDevice(MIB));
  for (let i = 0; i < 6; i++) {
    const length = Math.min(imageBytes, random.integer(1, 3 * CLUSTER));
    const offset = random.pick([0, imageBytes - length, Math.floor(random.next() * (imageBytes - length))]);
    const request = random.integer(0, 6);
    if (request === 0) expectTyped(await disk.write(offset, pattern(length, 1)));
    else if (request === 1) expectTyped(await disk.writeZeroes(offset, length));
    else if (request === 2) expectTyped(await disk.populate([{ offset, length }]));
    else if (request === 3) expectTyped(await disk.discard(offset, length));
    else if (request === 4 && length > 0) expectTyped(await disk.extentAt(offset, length));
    else if (request === 5) expectTyped(await disk.findMissing(offset, offset + length));
    else expectTyped(await disk.read(offset, new Uint8Array(length)));
  }
  expectTyped(await disk.flush());
  if (random.chance(0.1)) expectTyped(await disk.resize(imageBytes + 8 * MIB));
  if (random.chance(0.1)) expectTyped(await disk.changeBacking(null, null));
  expectTyped(await disk.close());
  return true;
}

function expectTyped<T>(result: Result<T>): Result<T> {
  if (!result.ok && (result.failure.message === '' || result.failure.message.includes('undefined'))) {
    throw new Error(`a failure says nothing: ${JSON.stringify(result.failure)}`);
  }
  return result;
}

/** A good image with two tables. */
async function goodImage(backing: boolean): Promise<Uint8Array> {
  const options = { imageBytes: 4 * MIB, clusterBytes: CLUSTER, tableClusters: 1 };
  const overlay = { ...options, backing: { name: 'base.raw', raw: true } };
  const { file, device } = await newQed(backing ? overlay : options, backing ? new MemoryDevice(MIB) : null);
  unwrap(await device.write(100, pattern(5 * CLUSTER, 1)));
  unwrap(await device.write(3 * MIB, pattern(5 * CLUSTER, 2)));
  unwrap(await device.writeZeroes(MIB, 5 * CLUSTER));
  unwrap(await device.close());
  return file.content.toBytes();
}

const U32_VALUES = [
  0,
  1,
  2,
  511,
  4095,
  4096,
  8192,
  65_536,
  2 ** 26,
  2 ** 27,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];
const U64_VALUES = [
  ...U32_VALUES.map(BigInt),
  ...[2n ** 32n, 2n ** 40n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 62n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n],
  ...[2n ** 64n - 4096n, 2n ** 46n, 2n ** 46n + 512n],
];
const U32_FIELDS = [4, 8, 12, 56, 60];
const U64_FIELDS = [16, 24, 32, 40, 48];

/** Changes one to four fields: mostly to values at the limits, in header and tables. */
function mutate(image: Uint8Array, random: SeededRandom): Uint8Array {
  const bytes = image.slice(0, random.chance(0.05) ? random.integer(0, image.length) : image.length);
  const view = new DataView(bytes.buffer);
  const near = () => random.integer(-1, 1);
  for (let change = random.integer(1, 4); change > 0 && bytes.length >= 3 * CLUSTER; change--) {
    switch (random.integer(0, 5)) {
      case 0:
        view.setUint32(random.pick(U32_FIELDS), random.pick(U32_VALUES) + near(), true);
        break;
      case 1:
        view.setBigUint64(random.pick(U64_FIELDS), random.pick(U64_VALUES) + BigInt(near()), true);
        break;
      case 2:
        view.setUint32(random.pick(U32_FIELDS), 2 ** random.integer(0, 31), true);
        break;
      case 3:
        view.setBigUint64(CLUSTER + 8 * random.integer(0, 3), anyOffset(bytes.length, random), true);
        break;
      case 4: {
        const tables = [0, 8].map((entry) => Number(view.getBigUint64(CLUSTER + entry, true)));
        const table = random.pick(tables);
        if (table + CLUSTER > bytes.length) break;
        view.setBigUint64(table + 8 * random.integer(0, 8), anyOffset(bytes.length, random), true);
        break;
      }
      default:
        bytes[random.integer(0, 2 * CLUSTER)] = random.integer(0, 255);
    }
  }
  return bytes;
}

function anyOffset(fileBytes: number, random: SeededRandom): bigint {
  if (random.chance(0.5)) return random.pick(U64_VALUES);
  return BigInt(random.integer(0, fileBytes / CLUSTER + 2) * CLUSTER);
}

describe('a malformed image', () => {
  it(`gives typed failures, in bounded time, and nothing worse (${IMAGES} mutations)`, async () => {
    const images = [await goodImage(false), await goodImage(true)];
    let opened = 0;
    for (let seed = 1; seed <= IMAGES; seed++) {
      const random = new SeededRandom(seed);
      const content = new SparseBytes();
      content.write(0, mutate(random.pick(images), random));
      try {
        if (await use(content, random)) opened++;
      } catch (cause) {
        throw new Error(`image ${seed}`, { cause });
      }
    }
    // Neither all good nor all refused at the door: the tables behind the header were met as well.
    expect(opened).toBeGreaterThan(IMAGES / 20);
    expect(opened).toBeLessThan(IMAGES * 0.95);
  }, 60_000);

  /** The largest sizes a header can announce, in a sparse file that has room for them. */
  const HUGE: [string, Partial<Header>, number][] = [
    ['tables of 1 GiB', { clusterBytes: 2 ** 26, tableClusters: 16, imageBytes: 2 ** 53 - 512 }, 8 * TIB],
    [
      'the largest L1 table',
      { clusterBytes: 2 ** 17, tableClusters: 16, imageBytes: 2 ** 53 - 512 },
      8 * TIB,
    ],
    ['64 TiB in small clusters', { clusterBytes: 2 ** 16, tableClusters: 4, imageBytes: 64 * TIB }, 8 * TIB],
    ['a header of 4 GiB', { clusterBytes: 2 ** 16, headerClusters: 65_535, imageBytes: GIB }, 2 ** 34],
  ];

  it.each(HUGE)('with %s takes little memory', async (_, changes, fileBytes) => {
    const clusterBytes = changes.clusterBytes ?? CLUSTER;
    const headerClusters = changes.headerClusters ?? 1;
    const header: Header = {
      clusterBytes,
      tableClusters: 4,
      headerClusters,
      features: FEATURE.BACKING_FILE,
      compatFeatures: 0n,
      autoclearFeatures: 0n,
      l1TableOffset: headerClusters * clusterBytes,
      imageBytes: 0,
      backingNameOffset: 64,
      backingNameBytes: 4,
      ...changes,
    };
    const content = new SparseBytes();
    content.setLength(fileBytes);
    content.write(0, encodeHeader(header));
    content.write(64, new TextEncoder().encode('base'));
    // The first tables lie behind the L1 table, empty, at no cost to who made the file.
    const tableBytes = header.clusterBytes * header.tableClusters;
    const entries = new BigUint64Array(4).map((__, i) => BigInt(header.l1TableOffset + (i + 1) * tableBytes));
    content.write(header.l1TableOffset, new Uint8Array(entries.buffer));
    const before = memoryInUse();
    let most = 0;
    const watch = (operation: FileOperation) => {
      most = Math.max(most, memoryInUse() - before);
      return operation.kind === 'read' && operation.length > MOST_AT_ONCE
        ? err('io', 'too much at once')
        : null;
    };
    const file = new MemoryFile(content, { before: watch });
    const image = unwrap(await QedImage.open(file, { clock: new SimulatedClock() }));
    const disk = new QedDevice(image, new MemoryDevice(16 * TIB));
    const random = new SeededRandom(1);
    for (let i = 0; i < 300; i++) {
      const offset = Math.floor(random.next() * Math.min(header.imageBytes, 8 * TIB) * 0.99);
      unwrap(await disk.read(offset, new Uint8Array(512)));
      unwrap(await disk.extentAt(offset, 4096));
    }
    expect(most).toBeLessThan(100 * MIB);
  });

  it('whose entries are strewn over a huge file is checked in little memory', async () => {
    const content = new SparseBytes();
    content.setLength(4 * TIB);
    const tableClusters = 16;
    const clusterBytes = 65_536;
    content.write(
      0,
      encodeHeader({
        clusterBytes,
        tableClusters,
        headerClusters: 1,
        features: 0n,
        compatFeatures: 0n,
        autoclearFeatures: 0n,
        l1TableOffset: clusterBytes,
        imageBytes: 8 * GIB,
        backingNameOffset: 0,
        backingNameBytes: 0,
      }),
    );
    content.write(clusterBytes, new Uint8Array(new BigUint64Array([BigInt(MIB * 2)]).buffer));
    const strewn = new BigUint64Array(131_072).map((_, i) => BigInt(4 * MIB + i * 31 * MIB));
    content.write(2 * MIB, new Uint8Array(strewn.buffer));
    const before = memoryInUse();
    const report = unwrap(await checkQed(new MemoryFile(content), 'none'));
    expect(report).toMatchObject({ corruptions: 0, allocatedClusters: 131_072 });
    expect(memoryInUse() - before).toBeLessThan(100 * MIB);
  });
});

function memoryInUse(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
