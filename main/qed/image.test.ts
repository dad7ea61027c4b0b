import { describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import { GIB, KIB, MIB, TIB } from '../../shared/units.ts';
import { MemoryFile, Saboteur } from '../../test/support/memory-file.ts';
import { createdFile, newQed, openQed, pattern, readAll } from '../../test/support/qed-disk.ts';
import { SimulatedClock } from '../../test/support/simulated-clock.ts';
import { FEATURE } from './format.ts';
import { encodeHeader, readHeader, type Header } from './header.ts';
import { QedImage } from './image.ts';

const UNKNOWN_COMPAT = 1n << 40n;
const UNKNOWN_AUTOCLEAR = 1n << 7n;

/** Changes fields of the header of an image that is not open. */
async function patchHeader(file: MemoryFile, changes: Partial<Header>): Promise<MemoryFile> {
  const { header } = unwrap(await readHeader(file));
  unwrap(await file.write(0, encodeHeader({ ...header, ...changes })));
  return file;
}

async function setEntry(file: MemoryFile, position: number, entry: bigint): Promise<void> {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, entry, true);
  unwrap(await file.write(position, bytes));
}

const open = (file: MemoryFile) => QedImage.open(file, { clock: new SimulatedClock() });
const headerOf = async (file: MemoryFile) => unwrap(await readHeader(file)).header;
const overlay = (name = 'base.raw', raw = true) => createdFile({ imageBytes: MIB, backing: { name, raw } });

describe('opening an image', () => {
  it('takes time and memory that do not depend on its size', async () => {
    let bytesRead = 0;
    const created = await createdFile({ imageBytes: 64 * TIB });
    const file = created.reopened({
      before: (operation) => {
        if (operation.kind === 'read') bytesRead += operation.length;
        return null;
      },
    });
    const device = await openQed(file);
    expect(bytesRead).toBeLessThanOrEqual(64 + 256 * KIB);
    expect(unwrap(await device.extentAt(0, 64 * TIB))).toMatchObject({ kind: 'unallocated' });
  });

  it('passes every failure on', async () => {
    const created = await patchHeader(await overlay(), {
      features: FEATURE.BACKING_FILE | FEATURE.NEED_CHECK,
      autoclearFeatures: UNKNOWN_AUTOCLEAR,
    });
    let failAt = 1;
    for (; ; failAt++) {
      const saboteur = new Saboteur(failAt);
      const opened = await open(created.reopened({ before: saboteur.before }));
      if (!saboteur.struck) break;
      expect(opened).toMatchObject({ failure: { code: 'io' } });
    }
    expect(failAt).toBeGreaterThan(8);
  });

  it('clears unknown autoclear features for writing, durably, and not for reading', async () => {
    const created = await patchHeader(await overlay(), { autoclearFeatures: UNKNOWN_AUTOCLEAR | 3n });
    const reading = created.reopened({ readOnly: true });
    unwrap(await open(reading));
    expect((await headerOf(reading)).autoclearFeatures).toBe(UNKNOWN_AUTOCLEAR | 3n);
    const operations: string[] = [];
    const writing = created.reopened({ before: ({ kind }) => (operations.push(kind), null) });
    unwrap(await open(writing));
    expect((await headerOf(writing)).autoclearFeatures).toBe(0n);
    expect(operations.slice(operations.indexOf('write'))).toEqual(expect.arrayContaining(['write', 'sync']));
  });

  it('cuts a torn last cluster off for writing, and not for reading', async () => {
    const created = await createdFile({ imageBytes: MIB });
    unwrap(await created.write(unwrap(await created.length()), new Uint8Array(100).fill(1)));
    const reading = created.reopened({ readOnly: true });
    unwrap(await open(reading));
    expect(reading.content.length % 65_536).toBe(100);
    const writing = created.reopened();
    unwrap(await open(writing));
    expect(writing.content.length % 65_536).toBe(0);
  });

  it('checks and repairs an image that its last writer left marked, but not for reading', async () => {
    const { file, device } = await newQed({ imageBytes: MIB, clusterBytes: 4096, tableClusters: 1 });
    unwrap(await device.write(0, pattern(8192, 1)));
    unwrap(await device.close());
    const damaged = await patchHeader(file.reopened(), { features: FEATURE.NEED_CHECK });
    // Clusters: header, L1, L2, two of data.
    await setEntry(damaged, 2 * 4096, 1n << 30n);
    const reading = unwrap(await open(damaged.reopened({ readOnly: true })));
    expect(reading.needsCheck).toBe(true);
    const writing = unwrap(await open(damaged));
    expect(writing.needsCheck).toBe(false);
    expect((await headerOf(damaged)).features).toBe(0n);
    expect(writing.table.tryLocate(0, 100) ?? (await writing.table.locate(0, 100))).toMatchObject({
      value: { kind: 'unallocated' },
    });
  });

  it('is refused when the check cannot read a table', async () => {
    const { file, device } = await newQed({ imageBytes: MIB, clusterBytes: 4096, tableClusters: 1 });
    unwrap(await device.write(0, pattern(4096, 1)));
    unwrap(await device.close());
    const marked = await patchHeader(file.reopened(), { features: FEATURE.NEED_CHECK });
    const saboteur = new Saboteur(
      1,
      (operation) => operation.kind === 'read' && operation.position === 2 * 4096,
    );
    expect(await open(marked.reopened({ before: saboteur.before }))).toMatchObject({
      failure: { code: 'io' },
    });
    expect(saboteur.struck).toBe(true);
  });

  it('refuses a backing name that is not text', async () => {
    for (const [byte, problem] of [
      [0xff, 'not valid UTF-8'],
      [0x00, 'contains a NUL byte'],
    ] as const) {
      const file = await overlay();
      unwrap(await file.write(64 + 3, new Uint8Array([byte])));
      expect(await open(file)).toMatchObject({
        failure: { code: 'malformed', message: expect.stringContaining(problem) as string },
      });
    }
  });
});

describe('an image with wrong entries', () => {
  async function withEntry(position: number, entry: bigint) {
    const { file, device } = await newQed({ imageBytes: MIB, clusterBytes: 4096, tableClusters: 1 });
    unwrap(await device.write(0, pattern(8192, 1)));
    unwrap(await device.close());
    const damaged = file.reopened();
    await setEntry(damaged, position, entry);
    return openQed(damaged);
  }
  const BAD = [2n, 100n, 4095n, 4097n, 5n * 4096n, 1n << 40n, (1n << 64n) - 4096n, (1n << 64n) - 1n];

  it.each(BAD)('does not follow an L2 entry of %d', async (entry) => {
    const device = await withEntry(2 * 4096, entry);
    const message = expect.stringContaining('the L2 entry of guest offset 0') as string;
    const malformed = { failure: { code: 'malformed', message } };
    expect(await device.read(0, new Uint8Array(10))).toMatchObject(malformed);
    expect(await device.write(0, new Uint8Array(10))).toMatchObject(malformed);
    expect(await device.writeZeroes(0, 4096)).toMatchObject(malformed);
    expect(await readAll(device, 4096, 4096)).toEqual(pattern(8192, 1).subarray(4096));
  });

  it.each(BAD)('does not follow an L1 entry of %d', async (entry) => {
    const device = await withEntry(4096, entry);
    const message = expect.stringContaining('L1 entry 0') as string;
    expect(await device.read(0, new Uint8Array(10))).toMatchObject({
      failure: { code: 'malformed', message },
    });
    expect(await device.write(0, new Uint8Array(10))).toMatchObject({
      failure: { code: 'malformed', message },
    });
  });

  it('reads a run up to an entry that points outside', async () => {
    const device = await withEntry(2 * 4096 + 8, 5n * 4096n);
    expect(unwrap(await device.extentAt(0, MIB))).toMatchObject({ length: 4096, kind: 'data' });
  });
});

describe('the backing reference of an image', () => {
  it('is replaced durably, wherever the new name fits beside the old one', async () => {
    const file = await overlay('a'.repeat(100));
    const image = unwrap(await open(file));
    unwrap(await image.setBacking({ name: 'b'.repeat(4095), raw: false }));
    expect(await headerOf(file)).toMatchObject({ backingNameOffset: 164, features: FEATURE.BACKING_FILE });
    unwrap(await image.setBacking({ name: 'c'.repeat(100), raw: true }));
    expect(await headerOf(file)).toMatchObject({ backingNameOffset: 64 });
    unwrap(await image.close());
    expect(unwrap(await open(file.reopen())).backing).toEqual({ name: 'c'.repeat(100), raw: true });
  });

  it('is refused with no-space where a name does not fit, and the L1 table behind stays whole', async () => {
    const plain = await createdFile({ imageBytes: MIB, clusterBytes: 4096 });
    const before = plain.content.toBytes();
    const image = unwrap(await open(plain));
    const name = (bytes: number) => ({ name: 'x'.repeat(bytes), raw: true });
    expect(await image.setBacking(name(4033))).toMatchObject({ failure: { code: 'no-space' } });
    expect(Buffer.compare(plain.content.toBytes(), before)).toBe(0);
    unwrap(await image.setBacking(name(4032)));
    // There is no room for two names: a crash could leave neither.
    expect(await image.setBacking(name(100))).toMatchObject({ failure: { code: 'no-space' } });
    expect(image.backing).toEqual(name(4032));
  });

  it('is refused in QEMU’s cases: names of 4096 bytes, and none at all', async () => {
    const image = unwrap(await open(await overlay()));
    for (const name of ['', 'a\0', 'x'.repeat(4096)]) {
      expect(await image.setBacking({ name, raw: true })).toMatchObject({
        failure: { code: 'invalid-argument' },
      });
    }
  });

  it('cannot be set beside unknown compatible features, but cleared, and they are kept', async () => {
    const file = await patchHeader(await overlay(), { compatFeatures: UNKNOWN_COMPAT | 3n });
    const image = unwrap(await open(file));
    expect(await image.setBacking({ name: 'x', raw: true })).toMatchObject({
      failure: { code: 'unsupported' },
    });
    unwrap(await image.setBacking(null));
    expect(await headerOf(file)).toMatchObject({
      features: 0n,
      compatFeatures: UNKNOWN_COMPAT,
      backingNameOffset: 64,
      backingNameBytes: 0,
    });
  });

  it('keeps the flags of an overlay when another file is put behind it, and loses them with the last', async () => {
    const file = await createdFile({
      imageBytes: MIB,
      backing: { name: 'a', raw: true },
      copyOnRead: true,
      stream: true,
    });
    const image = unwrap(await open(file));
    unwrap(await image.setBacking({ name: 'b', raw: false }));
    expect((await headerOf(file)).compatFeatures).toBe(3n);
    unwrap(await image.setBacking(null));
    expect((await headerOf(file)).compatFeatures).toBe(0n);
  });

  it('changes the 64 bytes of the header and no byte after them', async () => {
    const file = await overlay();
    const junk = pattern(60_000, 5);
    unwrap(await file.write(200, junk));
    const image = unwrap(await open(file));
    unwrap(await image.setBacking(null));
    unwrap(await image.clearNeedsCheck());
    unwrap(await image.grow(2 * MIB));
    const bytes = file.content.toBytes();
    expect(Buffer.compare(bytes.subarray(200, 60_200), junk)).toBe(0);
    expect(Buffer.from(bytes.subarray(64, 72)).toString()).toBe('base.raw');
  });

  it('does not lose one of two changes made at once', async () => {
    const file = await patchHeader(await overlay(), { features: FEATURE.BACKING_FILE | FEATURE.NEED_CHECK });
    const slow = file.reopened({ before: () => new Promise((resolve) => setImmediate(() => resolve(null))) });
    const image = unwrap(await open(slow));
    const changes = [image.setBacking(null), image.grow(3 * MIB), image.clearNeedsCheck()];
    for (const change of await Promise.all(changes)) unwrap(change);
    expect(await headerOf(slow)).toMatchObject({ features: 0n, imageBytes: 3 * MIB });
  });

  it('stays what it was when the header cannot be written', async () => {
    const file = await overlay();
    const saboteur = new Saboteur(1, (operation) => operation.kind === 'write' && operation.position === 0);
    const image = unwrap(await open(file.reopened({ before: saboteur.before })));
    expect(await image.setBacking(null)).toMatchObject({ failure: { code: 'io' } });
    expect(image.backing).toEqual({ name: 'base.raw', raw: true });
    unwrap(await image.setBacking(null));
    expect(image.backing).toBeNull();
  });
});

describe('growing an image', () => {
  it('reaches what the larger tables address, and keeps the content', async () => {
    const { file, device } = await newQed({ imageBytes: MIB, clusterBytes: 4096, tableClusters: 1 });
    unwrap(await device.write(MIB - 512, pattern(512, 1)));
    unwrap(await device.resize(GIB));
    unwrap(await device.write(GIB - 512, pattern(512, 2)));
    unwrap(await device.write(500 * MIB, pattern(512, 3)));
    unwrap(await device.close());
    const again = await openQed(file.reopen());
    expect(again.lengthBytes).toBe(GIB);
    expect(await readAll(again, MIB - 512, 1024)).toEqual(
      new Uint8Array([...pattern(512, 1), ...new Uint8Array(512)]),
    );
    expect(await readAll(again, GIB - 512)).toEqual(pattern(512, 2));
    expect(await readAll(again, 500 * MIB, 512)).toEqual(pattern(512, 3));
  });

  it('is refused downwards, beyond the tables and to odd sizes', async () => {
    const { device } = await newQed({ imageBytes: MIB, clusterBytes: 4096, tableClusters: 1 });
    expect(await device.resize(MIB - 512)).toMatchObject({
      failure: { code: 'unsupported', message: 'Shrinking images is currently not supported' },
    });
    for (const size of [GIB + 512, MIB + 1, Number.NaN, 2 ** 60]) {
      expect(await device.resize(size)).toMatchObject({ failure: { code: 'invalid-argument' } });
    }
    unwrap(await device.resize(MIB));
    expect(device.lengthBytes).toBe(MIB);
  });

  it('reads as zeroes behind the old end, whatever lies there in the file', async () => {
    const { file, device } = await newQed({ imageBytes: 4096 + 512, clusterBytes: 4096, tableClusters: 1 });
    unwrap(await device.write(4096, pattern(512, 1)));
    unwrap(await device.close());
    const dirty = file.reopened();
    // The last cluster of data is the third of the file.
    unwrap(await dirty.write(2 * 4096 + 512, pattern(4096 - 512, 9)));
    const again = await openQed(dirty);
    unwrap(await again.resize(3 * 4096));
    const expected = new Uint8Array(2 * 4096);
    expected.set(pattern(512, 1));
    expect(await readAll(again, 4096)).toEqual(expected);
  });
});
