import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unwrap, ok, type Result } from '../../../shared/result.ts';
import { KIB, MIB, SECTOR_BYTES } from '../../../shared/units.ts';
import { MemoryFile } from '../../../test/support/memory-file.ts';
import { SeededRandom } from '../../../test/support/seeded-random.ts';
import { SparseBytes } from '../../../test/support/sparse-bytes.ts';
import { sha256 } from '../manifest/digest.ts';
import { MemoryDevice } from '../../../test/support/memory-device.ts';
import type { Range } from '../range.ts';
import { openFrame } from './frame.ts';
import { encodeHead, FRAME_BYTES, headLengthOf, PACK_HEADER_BYTES, parseHead } from './layout.ts';
import { loadPackIndex } from './load-index.ts';
import { writePack } from './write-pack.ts';

const DISK_BYTES = 4 * MIB;
const DISK_SHA256 = 'cd'.repeat(32);

/** Half text, half noise. */
function diskContent(): Uint8Array {
  const disk = new Uint8Array(DISK_BYTES);
  const random = new SeededRandom(7);
  for (let at = 0; at < DISK_BYTES; at++)
    disk[at] = at < DISK_BYTES / 2 ? (at >> 9) & 0x3f : random.integer(0, 255);
  return disk;
}
const CONTENT = diskContent();

async function packOf(ranges: readonly Range[]) {
  const content = new SparseBytes();
  const pack = unwrap(
    await writePack(MemoryDevice.of(CONTENT), DISK_SHA256, ranges, new MemoryFile(content)),
  );
  return { pack, bytes: Buffer.from(content.toBytes()) };
}

const master = { sha256: DISK_SHA256, lengthBytes: DISK_BYTES };
const readerOf =
  (bytes: Buffer) =>
  async (offset: number, length: number): Promise<Result<Buffer>> =>
    ok(Buffer.from(bytes.subarray(offset, offset + length)));

/** Unpacks everything, and puts it where it belongs on an empty disk. */
async function unpack(pack: Awaited<ReturnType<typeof packOf>>['pack'], bytes: Buffer) {
  const disk = new Uint8Array(DISK_BYTES);
  const order: Range[] = [];
  const { index } = unwrap(await loadPackIndex(master, pack, readerOf(bytes)));
  for (const frame of index.frames) {
    const stored = bytes.subarray(frame.fileOffset, frame.fileOffset + frame.storedBytes);
    const content = unwrap(await openFrame(frame, stored));
    let at = 0;
    for (const range of frame.ranges) {
      disk.set(content.subarray(at, at + range.length), range.offset);
      at += range.length;
      order.push(range);
    }
  }
  return { disk, order };
}

/** Ranges in whole sectors, in any order, none of which overlap. */
const rangesArbitrary = fc
  .uniqueArray(fc.integer({ min: 1, max: DISK_BYTES / SECTOR_BYTES - 1 }), { minLength: 2, maxLength: 40 })
  .chain((borders) => {
    const sorted = [0, ...borders.sort((a, b) => a - b)];
    const pieces = sorted.slice(1).map((end, index) => ({
      offset: (sorted[index] ?? 0) * SECTOR_BYTES,
      length: (end - (sorted[index] ?? 0)) * SECTOR_BYTES,
    }));
    return fc.shuffledSubarray(pieces, { minLength: 1 });
  });

describe('a boot pack', () => {
  it('brings the ranges it was made of, in their order', async () => {
    await fc.assert(
      fc.asyncProperty(rangesArbitrary, async (ranges) => {
        const { pack, bytes } = await packOf(ranges);
        const { disk, order } = await unpack(pack, bytes);
        const expected = new Uint8Array(DISK_BYTES);
        for (const { offset, length } of ranges) {
          expected.set(CONTENT.subarray(offset, offset + length), offset);
        }
        expect(Buffer.compare(disk, expected)).toBe(0);
        const joined: Range[] = [];
        for (const { offset, length } of order) {
          const last = joined.at(-1);
          const wanted = ranges.find((range) => range.offset === last?.offset);
          if (last !== undefined && wanted !== undefined && last.length < wanted.length) {
            joined[joined.length - 1] = { offset: last.offset, length: last.length + length };
          } else joined.push({ offset, length });
        }
        expect(joined).toEqual(ranges);
      }),
      { numRuns: 8 },
    );
  });

  it('is the same for the same ranges, shorter where content can be compressed, and no longer elsewhere', async () => {
    const text = [{ offset: 0, length: MIB }];
    const noise = [{ offset: 3 * MIB, length: 512 * KIB }];
    const first = await packOf(text);
    expect(first.bytes.equals((await packOf(text)).bytes)).toBe(true);
    expect(first.pack.lengthBytes).toBeLessThan(MIB / 10);
    expect(first.pack.uncompressedBytes).toBe(MIB);
    const stored = await packOf(noise);
    expect(stored.pack.lengthBytes).toBe(512 * KIB + PACK_HEADER_BYTES + 2 * 40 + 2 * 12);
  });

  it('has frames of no more than 256 KiB, so that the first bytes can be used soon', async () => {
    const { pack, bytes } = await packOf([
      { offset: 512, length: 100 * KIB },
      { offset: MIB, length: MIB },
    ]);
    const { index } = unwrap(await loadPackIndex(master, pack, readerOf(bytes)));
    expect(index.frames.map(({ contentBytes }) => contentBytes)).toEqual([
      ...Array<number>(4).fill(FRAME_BYTES),
      100 * KIB,
    ]);
  });

  it('of a boot with many small reads has a head that takes more than one read', async () => {
    const ranges = Array.from({ length: 6000 }, (_, index) => ({ offset: index * 512, length: 512 }));
    const { pack, bytes } = await packOf(ranges);
    const { index } = unwrap(await loadPackIndex(master, pack, readerOf(bytes)));
    expect(index.headBytes).toBeGreaterThan(64 * KIB);
    expect(index.frames.flatMap((frame) => frame.ranges)).toHaveLength(6000);
  });

  it('is refused by whoever wants that of another disk, or another pack', async () => {
    const { pack, bytes } = await packOf([{ offset: 0, length: 4096 }]);
    const load = (changed: object, disk: object = {}) =>
      loadPackIndex({ ...master, ...disk }, { ...pack, ...changed }, readerOf(bytes));
    const message = (text: string) => ({
      failure: { code: 'malformed', message: expect.stringContaining(text) as string },
    });
    expect(await load({ sha256: 'ab'.repeat(32) })).toMatchObject(message('another SHA-256'));
    expect(await load({}, { sha256: 'ab'.repeat(32) })).toMatchObject(message('of another disk'));
    expect(await load({ lengthBytes: pack.lengthBytes + 1 })).toMatchObject(message('bytes long'));
    expect(await load({ lengthBytes: 100 })).toMatchObject(message('longer than all of it'));
    expect(await load({ uncompressedBytes: 5 })).toMatchObject(message('holds 4096 bytes'));
    expect(await load({}, { lengthBytes: 2048 })).toMatchObject(message('range 0'));
  });

  it('gives out no frame whose bytes were changed', async () => {
    const { pack, bytes } = await packOf([{ offset: 0, length: MIB }]);
    const { index } = unwrap(await loadPackIndex(master, pack, readerOf(bytes)));
    const [frame] = index.frames;
    if (frame === undefined) throw new Error('a pack has frames');
    const stored = Buffer.from(bytes.subarray(frame.fileOffset, frame.fileOffset + frame.storedBytes));
    stored[10] = (stored[10] ?? 0) ^ 1;
    expect(await openFrame(frame, stored)).toMatchObject({ failure: { code: 'malformed' } });
    expect(await openFrame(frame, stored.subarray(1))).toMatchObject({ failure: { code: 'malformed' } });
  });

  it('gives out no frame that does not hold what it says, though its hash is right', async () => {
    const liar = (stored: Buffer, contentBytes: number) =>
      openFrame(
        { fileOffset: 0, storedBytes: stored.length, contentBytes, sha256: sha256(stored), ranges: [] },
        stored,
      );
    const { bytes, pack } = await packOf([{ offset: 0, length: 128 * KIB }]);
    const { index } = unwrap(await loadPackIndex(master, pack, readerOf(bytes)));
    const stored = bytes.subarray(index.headBytes);
    expect((await liar(stored, 128 * KIB)).ok).toBe(true);
    for (const contentBytes of [128 * KIB - 1, 128 * KIB + 1]) {
      expect(await liar(stored, contentBytes)).toMatchObject({ failure: { code: 'malformed' } });
    }
    expect(await liar(Buffer.from('no brotli'), 100)).toMatchObject({ failure: { code: 'malformed' } });
  });
});

describe('the head of a boot pack', () => {
  const frame = (ranges: Range[], changes: object = {}) => {
    const contentBytes = ranges.reduce((sum, { length }) => sum + length, 0);
    return { storedBytes: contentBytes, contentBytes, sha256: Buffer.alloc(32), ranges, ...changes };
  };
  const at = (offset: number, length = 512) => ({ offset, length });
  const cases: [string, Buffer][] = [
    ['another magic', changed(0, 1)],
    ['another version', changed(8, 2)],
    ['no frames', changed(12, 0)],
    ['more frames than any pack has', changed(15, 0xff)],
    ['fewer ranges than frames', changed(16, 0)],
    ['a reserved field in use', changed(20, 1)],
    ['another length of the content', changed(24, 1)],
    ['a range within a sector', encodeHead(DISK_SHA256, [frame([at(100)])])],
    ['a range that ends within a sector', encodeHead(DISK_SHA256, [frame([at(0, 700)])])],
    ['an empty range', encodeHead(DISK_SHA256, [frame([at(0), at(512, 0)])])],
    ['a range outside the disk', encodeHead(DISK_SHA256, [frame([at(DISK_BYTES)])])],
    ['a range far outside the disk', encodeHead(DISK_SHA256, [frame([at(2 ** 60)])])],
    ['bytes that are there twice', encodeHead(DISK_SHA256, [frame([at(0, 1024)]), frame([at(512)])])],
    ['a frame that is too long', encodeHead(DISK_SHA256, [frame([at(0, FRAME_BYTES + 512)])])],
    ['a frame that grew by compression', encodeHead(DISK_SHA256, [frame([at(0)], { storedBytes: 513 })])],
    ['a frame without content', encodeHead(DISK_SHA256, [frame([at(0)], { storedBytes: 0 })])],
    [
      'a frame that ends within a range',
      encodeHead(DISK_SHA256, [frame([at(0, 1024)], { contentBytes: 512 })]),
    ],
    [
      'ranges that belong to no frame',
      encodeHead(DISK_SHA256, [frame([at(0), at(512)], { contentBytes: 512 })]),
    ],
  ];

  function changed(position: number, value: number): Buffer {
    const head = encodeHead(DISK_SHA256, [frame([at(0)])]);
    head[position] = value;
    return head;
  }

  it('is read as it was written', () => {
    const head = encodeHead(DISK_SHA256, [frame([at(1024), at(0)]), frame([at(4096, 512)])]);
    expect(headLengthOf(head)).toEqual(ok(head.length));
    expect(parseHead(head, DISK_BYTES)).toMatchObject({
      value: { disk: DISK_SHA256, contentBytes: 1536, frames: [{ ranges: [at(1024), at(0)] }, {}] },
    });
  });

  it.each(cases)('is refused with %s', (_what, head) => {
    expect(parseHead(head, DISK_BYTES)).toMatchObject({ failure: { code: 'malformed' } });
  });

  it('is refused or understood, whatever its bytes, in bounded time', () => {
    const good = encodeHead(DISK_SHA256, [frame([at(0), at(2048)]), frame([at(8192, 4096)])]);
    const damage = fc.array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(damage, (changes) => {
        const head = Buffer.from(good);
        for (const [position, value] of changes) head[position] = value;
        const parsed = parseHead(head, DISK_BYTES);
        if (parsed.ok) expect(parsed.value.contentBytes).toBeLessThanOrEqual(DISK_BYTES);
        else expect(parsed.failure.code).toBe('malformed');
      }),
      { numRuns: 3000 },
    );
  });
});
