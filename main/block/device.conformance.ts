import { afterEach, describe, expect, it } from 'vitest';
import { unwrap } from '../../shared/result.ts';
import type { BlockDevice } from './device.ts';

export interface DeviceFactory {
  /**
   * A device whose content is `content`, writable unless the driver only reads. Called anew for each test; the suite
   * closes what it gets.
   */
  make(content: Uint8Array): Promise<BlockDevice>;
  /** Size of the devices to make, in bytes: a multiple of 512, at least 256 KiB. */
  readonly lengthBytes?: number;
}

/**
 * What every driver of block devices keeps to: the contract of {@link BlockDevice}, sentence by sentence. Drivers that
 * only read skip the writing half.
 */
export function describeBlockDevice(driver: string, factory: DeviceFactory): void {
  const lengthBytes = factory.lengthBytes ?? 300 * 1024 + 512;
  const initial = content(lengthBytes, 1);
  const made: BlockDevice[] = [];
  const make = async () => {
    const device = await factory.make(initial.slice());
    made.push(device);
    return device;
  };

  afterEach(async () => {
    for (const device of made.splice(0)) unwrap(await device.close());
  });

  const readAll = async (device: BlockDevice) => {
    const bytes = new Uint8Array(lengthBytes).fill(0xee);
    unwrap(await device.read(0, bytes));
    return bytes;
  };

  /** Ranges that begin and end on, before and behind sectors and clusters. */
  const RANGES = [
    [0, 1],
    [0, 512],
    [511, 2],
    [1000, 3000],
    [4095, 4098],
    [65_535, 2],
    [65_536, 65_536],
    [60_000, 150_000],
    [lengthBytes - 1, 1],
    [lengthBytes - 70_000, 70_000],
    [0, lengthBytes],
  ] as const;

  describe(`${driver}, as a block device`, () => {
    it('tells its size and its name', async () => {
      const device = await make();
      expect(device.lengthBytes).toBe(lengthBytes);
      expect(device.name).not.toBe('');
    });

    it('fills the whole target, aligned or not', async () => {
      const device = await make();
      for (const [offset, length] of RANGES) {
        const target = new Uint8Array(length).fill(0xee);
        unwrap(await device.read(offset, target));
        expectSame(target, initial.subarray(offset, offset + length));
      }
    });

    it('reads and writes nothing when asked for nothing, up to its end', async () => {
      const device = await make();
      expect((await device.read(lengthBytes, new Uint8Array())).ok).toBe(true);
      if (!device.readOnly) expect((await device.write(lengthBytes, new Uint8Array())).ok).toBe(true);
    });

    it('refuses ranges outside with out-of-range', async () => {
      const device = await make();
      const bad = [
        [lengthBytes, 1],
        [lengthBytes - 1, 2],
        [-1, 1],
        [0.5, 1],
        [Number.MAX_SAFE_INTEGER, 512],
        [Number.NaN, 1],
      ] as const;
      for (const [offset, length] of bad) {
        expect(await device.read(offset, new Uint8Array(length))).toMatchObject(OUT_OF_RANGE);
        expect(await device.extentAt(offset, length)).toMatchObject(OUT_OF_RANGE);
        if (device.readOnly) continue;
        expect(await device.write(offset, new Uint8Array(length))).toMatchObject(OUT_OF_RANGE);
        expect(await device.writeZeroes(offset, length)).toMatchObject(OUT_OF_RANGE);
        expect(await device.discard(offset, length)).toMatchObject(OUT_OF_RANGE);
      }
    });

    it('serves many requests at once', async () => {
      const device = await make();
      const targets = RANGES.map(([offset, length]) => ({ offset, target: new Uint8Array(length) }));
      await Promise.all(targets.map(async ({ offset, target }) => unwrap(await device.read(offset, target))));
      for (const { offset, target } of targets) {
        expectSame(target, initial.subarray(offset, offset + target.length));
      }
    });

    it('covers itself with extents that begin where asked, are not empty and stay within the limit', async () => {
      const device = await make();
      for (let offset = 0; offset < lengthBytes;) {
        const limit = Math.min(lengthBytes - offset, 100_000);
        const extent = unwrap(await device.extentAt(offset, limit));
        expect(extent.offset).toBe(offset);
        expect(extent.length).toBeGreaterThan(0);
        expect(extent.length).toBeLessThanOrEqual(limit);
        if (extent.kind === 'zero') {
          expectSame(initial.subarray(offset, offset + extent.length), new Uint8Array(extent.length));
        }
        offset += extent.length;
      }
    });

    it('lets requests under way end, refuses later ones with closed, and may be closed twice', async () => {
      const device = await make();
      const target = new Uint8Array(lengthBytes);
      const reading = device.read(0, target);
      await Promise.all([device.close(), device.close()]);
      const read = await reading;
      if (read.ok) expectSame(target, initial);
      else expect(read.failure.code).toBe('closed');
      expect(await device.read(0, new Uint8Array(1))).toMatchObject(CLOSED);
      expect(await device.flush()).toMatchObject(CLOSED);
      expect(await device.extentAt(0, 1)).toMatchObject(CLOSED);
      const written = await device.write(0, new Uint8Array(1));
      expect(written).toMatchObject(device.readOnly ? { ok: false } : CLOSED);
    });

    it('writes what it is told and nothing else', async () => {
      const device = await make();
      if (device.readOnly) return expectNoWrites(device);
      const model = initial.slice();
      for (const [index, [offset, length]] of RANGES.entries()) {
        const data = content(length, index + 2);
        unwrap(await device.write(offset, data));
        model.set(data, offset);
        expectSame(await readAll(device), model);
      }
    });

    it('zeroes what it is told and nothing else', async () => {
      const device = await make();
      if (device.readOnly) return expectNoWrites(device);
      const model = initial.slice();
      for (const [offset, length] of RANGES) {
        unwrap(await device.writeZeroes(offset, length));
        model.fill(0, offset, offset + length);
        expectSame(await readAll(device), model);
        unwrap(await device.write(offset, content(length, 9)));
        model.set(content(length, 9), offset);
        expectSame(await readAll(device), model);
      }
    });

    it('reads as before or as zeroes where a range was discarded, and as before elsewhere', async () => {
      const device = await make();
      if (device.readOnly) return expectNoWrites(device);
      unwrap(await device.discard(60_000, 150_000));
      const bytes = await readAll(device);
      const changed = bytes.findIndex((byte, at) => byte !== initial[at] && (byte !== 0 || !inside(at)));
      expect(changed).toBe(-1);
      unwrap(await device.discard(0, lengthBytes));
      function inside(at: number) {
        return at >= 60_000 && at < 210_000;
      }
    });

    it('keeps apart writes that are under way at the same time', async () => {
      const device = await make();
      if (device.readOnly) return expectNoWrites(device);
      const model = initial.slice();
      const writes: Promise<void>[] = [];
      for (let offset = 700; offset + 3000 <= lengthBytes; offset += 3000) {
        const data = content(3000, offset);
        model.set(data, offset);
        writes.push(device.write(offset, data).then((written) => unwrap(written)));
        if (offset % 5 === 0) writes.push(device.flush().then((flushed) => unwrap(flushed)));
      }
      await Promise.all(writes);
      expectSame(await readAll(device), model);
    });

    it('flushes', async () => {
      const device = await make();
      if (!device.readOnly) unwrap(await device.write(100, content(100, 2)));
      unwrap(await device.flush());
    });
  });
}

const OUT_OF_RANGE = { ok: false, failure: { code: 'out-of-range' } };
const CLOSED = { ok: false, failure: { code: 'closed' } };
const READ_ONLY = { ok: false, failure: { code: 'read-only' } };

async function expectNoWrites(device: BlockDevice): Promise<void> {
  expect(await device.write(0, new Uint8Array(512))).toMatchObject(READ_ONLY);
  expect(await device.writeZeroes(0, 512)).toMatchObject(READ_ONLY);
  expect(await device.discard(0, 512)).toMatchObject(READ_ONLY);
}

/** Bytes without a period, with some stretches of zeroes. */
function content(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed * 2_654_435_761;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = Math.floor(at / 20_000) % 3 === 2 ? 0 : (state >>> 16) | 1;
  }
  return bytes;
}

function expectSame(found: Uint8Array, wanted: Uint8Array): void {
  if (Buffer.compare(found, wanted) === 0) return;
  const at = found.findIndex((byte, index) => byte !== wanted[index]);
  expect.fail(`byte ${at} of ${wanted.length} is ${found[at] ?? 'missing'}, not ${wanted[at] ?? 'expected'}`);
}
